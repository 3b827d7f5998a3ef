internal import DCAENetwork
package import Images
package import Pages
internal import TensorCore

extension PictureRoundtrip {
    /// Pictures, what came back, and how it differs, as a page that carries the pictures in itself.
    ///
    /// It says nothing of time and memory, which are others each time: the same pictures and weights give the same bytes.
    ///
    /// - Parameters:
    ///   - model: what the checkpoint is called.
    ///   - reference: what the other is called, where there is one.
    /// - Throws: where a picture cannot be encoded as PNG.
    package static func page(
        _ roundtrips: [PictureRoundtrip],
        model: String,
        reference: String?,
        scalingFactor: Double?
    ) throws(ImageRefusal) -> Page {
        var page = Page(
            command: "dcae roundtrip",
            title: "roundtrip: " + model,
            answer: [answer(roundtrips)] + against(roundtrips, reference)
        )
        page.facts = [("model", "\(model)")]
        if let reference { page.facts.append(("reference", "\(reference)")) }
        if let scalingFactor { page.facts.append(("scaling factor", "\("\(scalingFactor)")")) }
        page.add("summary", "In numbers", table(roundtrips, hasReference: reference != nil))
        for (index, roundtrip) in roundtrips.enumerated() {
            page.add("picture-\(index + 1)", roundtrip.name, try roundtrip.markup(model: model, reference: reference))
        }
        return page
    }

    private static func answer(_ roundtrips: [PictureRoundtrip]) -> String {
        guard roundtrips.count > 1, let first = roundtrips.first else {
            return roundtrips.first.map { $0.main.quality.words } ?? "no pictures"
        }
        let finite = roundtrips.map(\.main.quality.psnr).filter(\.isFinite)
        if finite.isEmpty { return "\(roundtrips.count) pictures came back identical" }
        let worst = roundtrips.min { $0.main.quality.psnr < $1.main.quality.psnr } ?? first
        let mean = finite.reduce(0, +) / Double(finite.count)
        return
            "\(roundtrips.count) pictures, mean PSNR \(mean.fixed(2)) dB; lowest \(worst.main.quality.psnr.fixed(2)) dB "
            + "(\(worst.name))"
    }

    private static func against(_ roundtrips: [PictureRoundtrip], _ reference: String?) -> [String] {
        let found = roundtrips.compactMap(\.comparison)
        guard let reference, let least = found.map(\.quality).min(by: { $0.psnr < $1.psnr }) else { return [] }
        return ["Against \(reference): \(least.words)" + (found.count > 1 ? " at worst" : "")]
    }

    private static func table(_ roundtrips: [PictureRoundtrip], hasReference: Bool) -> Markup {
        var table = PageTable(
            id: "table-pictures",
            caption: "Pictures",
            columns: [("Picture", .text)] + (hasReference ? [("Checkpoint", .text)] : []) + [
                ("PSNR, dB", .number), ("SSIM", .number),
                ("Mean difference", .number), ("Largest difference", .number), ("Latent", .text),
                ("Latent mean", .number), ("Latent RMS", .number),
            ]
        )
        func add(_ name: String, _ which: String, _ side: Side) {
            let quality = side.quality
            let names: [PageTable.Cell] = [.text(name)] + (hasReference ? [.text(which)] : [])
            table.add(
                names + [

                    .number(quality.psnr, quality.psnr.isFinite ? quality.psnr.fixed(2) : "identical"),
                    .number(quality.ssim, quality.ssim?.fixed(4) ?? ""),
                    .number(quality.meanDifference, quality.meanDifference.fixed(3)), .count(quality.largestDifference),
                    .text("\(side.latent.channels)x\(side.latent.height)x\(side.latent.width)"),
                    .number(side.statistics.mean, side.statistics.mean.fixed(4)),
                    .number(side.statistics.rms, side.statistics.rms.fixed(4)),
                ]
            )
        }
        for roundtrip in roundtrips {
            add(roundtrip.name, "this one", roundtrip.main)
            if let comparison = roundtrip.comparison { add(roundtrip.name, "reference", comparison.reference) }
        }
        return table.markup
    }

    private func markup(model: String, reference: String?) throws(ImageRefusal) -> Markup {
        let quality = main.quality
        let difference = ComparisonSheet.difference(of: main.picture, and: original)
        var figures: Markup = ""
        figures += try Self.figure(original, "Input", "\(original.size)", name)
        figures += try Self.figure(main.picture, "Reconstruction", quality.words, name)
        figures += try Self.figure(difference.picture, difference.title, difference.detail, name)
        if let comparison, let reference {
            let apart = ComparisonSheet.difference(of: main.picture, and: comparison.reference.picture)
            figures += try Self.figure(
                comparison.reference.picture,
                reference,
                comparison.reference.quality.words,
                name
            )
            figures += try Self.figure(apart.picture, "\(apart.title) from the reference", apart.detail, name)
        }
        let measures: [(String, String)] = [
            ("PSNR", quality.psnr.isFinite ? quality.psnr.fixed(2) + " dB" : "identical"),
            ("SSIM", quality.ssim?.fixed(4) ?? "–"), ("mean difference", quality.meanDifference.fixed(3)),
            ("largest", "\(quality.largestDifference)"), ("latent RMS", main.statistics.rms.fixed(4)),
        ]
        let list = measures.map { item -> Markup in "<div><dt>\(item.0)</dt><dd>\(item.1)</dd></div>" }
        return """
            <dl class="measures">\(list)</dl>
            <div class="pictures">\(figures)</div>
            \(histogram)
            """
    }

    /// A picture with a caption, carried in the page itself.
    package static func figure(
        _ picture: Picture,
        _ title: String,
        _ detail: String,
        _ name: String
    ) throws(ImageRefusal) -> Markup {
        let source = Markup.dataURI(png: try picture.png(name: name))
        return """
            <figure><img src="\(source)" width="\(picture.width)" height="\(picture.height)" alt="\(title) of \(name): \(detail)">\
            <figcaption><strong>\(title)</strong>\(detail)</figcaption></figure>

            """
    }

    /// How many samples are off by how much.
    private var histogram: Markup {
        let limits = [0, 1, 2, 4, 8, 16, 32, 64, 128, 255]
        var counts = [Int](repeating: 0, count: 256)
        for (a, b) in zip(original.bytes, main.picture.bytes) { counts[abs(Int(a) - Int(b))] += 1 }
        let bins = limits.enumerated().map { index, limit in
            let from = index == 0 ? 0 : limits[index - 1] + 1
            return PageHistogram.Bin(from == limit ? "\(limit)" : "\(from)–\(limit)", counts[from...limit].reduce(0, +))
        }
        return PageHistogram(
            caption: "Samples by error",
            axis: "difference of 8-bit samples",
            bins: bins
        ).markup
    }
}
