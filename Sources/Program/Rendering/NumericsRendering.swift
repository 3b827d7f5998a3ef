internal import DCAENetwork
internal import Images
internal import Inference
internal import Numerics
internal import StrictJSON
internal import TensorCore

extension NumericsReport {
    /// The report for people: a line for each block.
    func render() {
        var table = Table(
            ["BLOCK", "SIZE", "REL. RMS", "MAX/MAX", "WORST IN IT"],
            right: [1, 2, 3],
            shortened: 0,
            optional: [4]
        )
        for block in encoder.blocks + decoder.blocks {
            table.add([
                block.name, block.last.size.map(String.init).joined(separator: "x"),
                block.last.distance.relativeRMS.scientific, block.last.distance.relativeLargest.scientific,
                block.worst.name == block.last.name
                    ? ""
                    : "\(block.worst.name.split(separator: ".").last ?? "") \(block.worst.distance.relativeRMS.scientific)",
            ])
        }
        table.print()
        for (name, coder) in [("latent", encoder), ("sample", decoder)] {
            Terminal.print(
                "\(name): relative RMS \(coder.result.relativeRMS.scientific), largest over largest "
                    + "\(coder.result.relativeLargest.scientific); fast \(coder.fastSeconds.fixed(2)) s, "
                    + "reference \(coder.referenceSeconds.fixed(2)) s"
            )
        }
        Terminal.print("reference: \(library)")
        let bounds = "\(bound.relativeRMS.scientific) and \(bound.relativeLargest.scientific)"
        Terminal.print(
            Terminal.bold(
                passed
                    ? "the fast engine is as exact as its precision: both are within \(bounds)"
                    : oddValues == nil ? "\(finding): beyond \(bounds)" : finding
            )
        )
    }

    /// What is wrong, where the engines do not agree as they should.
    var finding: String {
        guard let odd = oddValues else { return "the fast engine is farther off than its precision explains" }
        let values = "\(odd.count.grouped) values are NaN or infinite, the first in \(odd.layer)"
        return odd.isInBoth ? "\(values), in the reference too: the fault is in the weights or the picture" : values
    }

    func document(_ picture: String?, outputs: [String]) -> JSONValue {
        func coder(_ coder: Coder) -> JSONValue {
            [
                "layers": .array(
                    coder.layers.map { layer in
                        [
                            "name": .string(layer.name), "shape": JSONValue(layer.size),
                            "relative_rms": JSONValue(finite: layer.distance.relativeRMS),
                            "largest_over_largest": JSONValue(finite: layer.distance.relativeLargest),
                        ]
                    }
                ),
                "relative_rms": JSONValue(finite: coder.result.relativeRMS),
                "largest_over_largest": JSONValue(finite: coder.result.relativeLargest),
                "non_finite_count": .integer(coder.result.oddCount),
                "reference_non_finite_count": .integer(coder.result.expectedOddCount),
                "seconds": .double(coder.fastSeconds), "reference_seconds": .double(coder.referenceSeconds),
            ]
        }
        return [
            "picture": JSONValue(picture),
            "size": JSONValue(width: encoder.input.width, height: encoder.input.height),
            "library": .string(library), "verdict": passed ? "passed" : "failed",
            "bound": [
                "relative_rms": .double(bound.relativeRMS), "largest_over_largest": .double(bound.relativeLargest),
            ],
            "encode": coder(encoder), "decode": coder(decoder), "outputs": JSONValue(outputs),
        ]
    }
}

extension CastDamage {
    static func render(_ all: [(name: String, damage: [CastDamage])]) {
        var table = Table(
            ["FORMAT", "PSNR", "LATENT", "SAMPLE", "WORST LAYER", "INFINITE", "ZERO", "PICTURE"],
            right: [1, 2, 3, 5, 6],
            shortened: 4,
            optional: [7]
        )
        for (name, damage) in all {
            for one in damage {
                table.add([
                    one.format.rawValue, one.psnrText,
                    one.latent.relativeRMS.scientific, one.sample.relativeRMS.scientific,
                    one.worst.map { "\($0.name) \($0.distance.relativeRMS.scientific)" } ?? "",
                    "\(one.lost.overflows)", "\(one.lost.underflows)", name.escaped(limit: 60),
                ])
            }
        }
        table.print()
    }

    /// The PSNR of what came back; none where it is no picture, as NaN makes it.
    private var psnrText: String {
        guard sample.oddCount == 0, let quality else { return "" }
        return quality.psnr.isFinite ? quality.psnr.fixed(2) : "same"
    }

    var document: JSONValue {
        [
            "format": .string(format.rawValue),
            "psnr": quality.flatMap { $0.psnr.isFinite && sample.oddCount == 0 ? .double($0.psnr) : nil } ?? .null,
            "non_finite_count": .integer(sample.oddCount),
            "latent_relative_rms": JSONValue(finite: latent.relativeRMS),
            "sample_relative_rms": JSONValue(finite: sample.relativeRMS),
            "worst_layer": worst.map { .string($0.name) } ?? .null,
            "worst_layer_relative_rms": worst.map { JSONValue(finite: $0.distance.relativeRMS) } ?? .null,
            "overflows": .integer(lost.overflows), "underflows": .integer(lost.underflows),
            "losses": .array(
                losses.map {
                    [
                        "tensor": .string($0.name), "overflows": .integer($0.report.overflows),
                        "underflows": .integer($0.report.underflows),
                    ]
                }
            ),
        ]
    }
}

extension ActivationRange {
    static func render(_ layers: [ActivationRange], in format: CastDamage.Format) {
        let outside = layers.filter { $0.lost.overflows > 0 }
        let zeros = layers.reduce(0) { $0 + $1.lost.underflows }
        let count = layers.reduce(0) { $0 + $1.count }
        let largest = layers.max { $0.largest < $1.largest }
        let most = largest.map { "; the largest value is \(Double($0.largest).scientific), in \($0.layer)" } ?? ""
        let small = "\(zeros.grouped) of \(count.grouped) values become zero"
        guard !outside.isEmpty else {
            return Terminal.print(
                "activations: \(format.rawValue) holds the values of all \(layers.count) layers\(most); \(small)"
            )
        }
        var table = Table(["LAYER", "LARGEST", "INFINITE", "ZERO", "OF"], right: [1, 2, 3, 4], shortened: 0)
        for layer in outside {
            table.add([
                layer.layer, Double(layer.largest).scientific, "\(layer.lost.overflows)", "\(layer.lost.underflows)",
                "\(layer.count)",
            ])
        }
        table.print()
        Terminal.print(
            "activations: \(outside.count) of \(layers.count) layers have values that \(format.rawValue) cannot hold"
                + "\(most); \(small)"
        )
    }

    var document: JSONValue {
        [
            "layer": .string(layer), "largest": JSONValue(finite: Double(largest)), "value_count": .integer(count),
            "overflows": .integer(lost.overflows), "underflows": .integer(lost.underflows),
        ]
    }
}

extension JSONValue {
    /// A number, or null for NaN and infinity, which JSON has not.
    fileprivate init(finite value: Double) { self = value.isFinite ? .double(value) : .null }
}

extension Double {
    /// `1.2e-06`: two digits, for errors.
    fileprivate var scientific: String {
        // Swift's own words for NaN tell its bits too, which nobody asked for.
        guard isFinite, self != 0 else { return self == 0 ? "0" : isNaN ? "NaN" : "infinite" }
        var (mantissa, exponent) = (magnitude, 0)
        while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        let digits = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
        return (self < 0 ? "-" : "") + mantissa.fixed(1) + "e" + (exponent < 0 ? "-" : "+") + digits
    }
}
