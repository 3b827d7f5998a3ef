import DCAE
import Foundation

guard CommandLine.arguments.count == 4 else {
    print("usage: EncodeFolder MODEL PICTURES LATENTS")
    exit(64)
}
let (name, pictures, latents) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])

do {
    let model = try await Model.open(name)
    var output = Model.FileOutput(latents)
    output.resume = true
    let run = try await model.encode(files: [pictures], to: output, framing: .init(fit: .crop))
    for item in run.items { print("\(item.input) -> \(item.outputs[0]) \(item.dimensions)") }
    for error in run.skipped { print("left out: \(error)") }
    print("\(run.items.count) encoded, \(run.doneBefore) there before, \(run.skipped.count) left out")

    if let first = run.items.first {
        let picture = latents + "/first.png"
        _ = try await model.decode(files: first.outputs, to: Model.FileOutput(picture))
        print("decoded the first one: \(picture)")
    }
} catch {
    print("error: \(error)")
    exit(2)
}
