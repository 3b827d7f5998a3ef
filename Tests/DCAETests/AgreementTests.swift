import CheckpointIO
import Conversion
import DCAE
import ModelZoo
import Models
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// What `identify` says and what a conversion does are one answer.
@Suite struct AgreementTests {
    /// A registry with two variants of the tiny network, which differ in their factor.
    private static let factors = ["tiny-in": 0.3, "tiny-mix": 0.5]

    private static func registry(in folder: TemporaryFolder) throws -> Registry {
        for (name, factor) in factors {
            let config = try config(factor: factor)
            let entry = "{\"name\": \"\(name)\", \"repositories\": {\"diffusers\": [\"org/\(name)-diffusers\"]}}"
            try folder.write("own/Registry/\(name).json", Array(entry.utf8))
            try folder.write("own/Configs/\(name)/config.json", Array(config.utf8))
        }
        return try Registry(adding: folder("own"))
    }

    private static func config(factor: Double?, _ more: [JSONValue.Member] = []) throws -> String {
        let text = try Fixtures.bytes(Fixtures.path("tiny/sana/diffusers/config.json"))
        var members = try #require(try JSONReader.read(text).members).filter { $0.key != "scaling_factor" }
        if let factor { members.append(.init("scaling_factor", .double(factor))) }
        return JSONWriter.pretty(.object(members + more), sortKeys: true)
    }

    /// Everything that a config.json can say of name and factor.
    private static func configs() throws -> [(layout: Layout, text: String?)] {
        var all: [(Layout, String?)] = [(.original, nil), (.diffusers, nil)]
        let factors: [Double?] = [nil, 0.3, 0.5, 0.7]
        for name in ["tiny-in", "tiny-mix", "my-own"] {
            for factor in factors {
                for inner in factors.dropLast() {
                    var members: [JSONValue.Member] = [.init("model_name", .string(name))]
                    if let factor { members.append(.init("scaling_factor", .double(factor))) }
                    if let inner {
                        members.append(
                            .init("diffusers_config", try JSONReader.read(Array(config(factor: inner).utf8)))
                        )
                    }
                    all.append((.original, JSONWriter.pretty(.object(members), sortKeys: true)))
                }
            }
        }
        for factor in factors {
            for name in [nil, "org/tiny-in-diffusers", "org/tiny-mix-diffusers"] {
                let named = name.map { [JSONValue.Member("_name_or_path", .string($0))] } ?? []
                all.append((.diffusers, try config(factor: factor, named)))
            }
        }
        return all
    }

    /// Whatever is said, a model is settled for `identify` only where it converts with the same factor; and what the user says is
    /// never asked for again.
    @Test func whatIsIdentifiedConverts() throws {
        let folder = try TemporaryFolder()
        let registry = try Self.registry(in: folder)
        var count = 0
        for (number, (layout, text)) in try Self.configs().enumerated() {
            let name = layout == .diffusers ? "diffusion_pytorch_model.safetensors" : "model.safetensors"
            let source = layout == .diffusers ? "tiny/sana/diffusers/\(name)" : "tiny/sana/original.safetensors"
            try folder.write("\(number)/\(name)", Fixtures.bytes(Fixtures.path(source)))
            if let text { try folder.write("\(number)/config.json", Array(text.utf8)) }
            for hint in 0..<6 {
                var hints = ModelHints()
                hints.variant =
                    hint == 1 || hint == 2 ? try registry.variant(named: ["tiny-in", "tiny-mix"][hint - 1]) : nil
                hints.scalingFactor = hint > 2 ? [0.3, 0.5, 0.7][hint - 3] : nil
                let model = try OpenedModel(folder("\(number)"), hints, registry: registry)
                let comment: Comment = "\(layout) \(text ?? "no config.json"), hint \(hint)"
                let isSettled = [.identified, .described].contains(model.verdict)
                #expect(isSettled == (model.unsettled == nil), comment)
                var options = ConversionOptions()
                options.target = .diffusers
                do throws(CheckpointError) {
                    let plan = try ConversionPlan(model, options)
                    let factor = try plan.model.scalingFactor
                    #expect(factor == model.config?.scalingFactor, comment)
                    if let given = hints.scalingFactor { #expect(factor == given, comment) }
                } catch {
                    let isThere = if case .alreadyThere? = error.fault as? ConversionFault { true } else { false }
                    #expect(isThere || !isSettled, comment)
                }
                // A factor that was given is not asked for, and settles every question but that of a variant.
                if hints.scalingFactor != nil { #expect(isSettled, comment) }
                if let variant = model.variant, hints.variant == nil {
                    #expect(variant.config.scalingFactor == model.config?.scalingFactor, comment)
                }
                count += 1
            }
        }
        #expect(count == 6 * 50)
    }
}
