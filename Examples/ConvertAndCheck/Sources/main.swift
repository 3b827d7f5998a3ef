import DCAE
import Foundation

guard CommandLine.arguments.count == 3 else {
    print("usage: ConvertAndCheck CHECKPOINT FOLDER")
    exit(64)
}
let (checkpoint, folder) = (CommandLine.arguments[1], CommandLine.arguments[2])

do {
    let model = try await Model.open(checkpoint)
    let identity = try await model.identify()
    let name = identity.variant?.name ?? identity.verdict.rawValue
    print("\(name), \(identity.layout?.rawValue ?? "no") layout, factor \(identity.scalingFactor ?? .nan)")

    let other = Layout.allCases.first { $0 != model.layout } ?? .diffusers
    let result = try await model.convert(to: folder, Model.Target(layout: other))
    print("wrote \(result.files.joined(separator: ", ")); \(result.checkedTensors) tensors compared with the source")

    let copy = try await Model.open(folder)
    for finding in try await copy.verify().findings {
        print("\(finding.severity): \(finding.place): \(finding.message)")
    }
    let (before, after) = (try await model.hash(), try await copy.hash())
    print(before.content == after.content ? "the same content: \(after.content)" : "other content")
    exit(before.content == after.content ? 0 : 1)
} catch {
    print("error: \(error)")
    exit(2)
}
