package import StrictJSON

/// The contract of `--json`, and outputs that are held against it.
package enum Contract {
    /// An output that breaks the contract.
    package struct Broken: Error, CustomStringConvertible {
        package let description: String
    }

    /// docs/dcae-1.schema.json.
    package static let schema = Result { () throws(any Error) in
        try JSONSchema(try JSONReader.read(try Fixtures.bytes(Fixtures.project + "/docs/dcae-1.schema.json")))
    }

    /// Refuses what a run with `--json` wrote where it breaks the contract.
    static func check(_ result: Program.Result, of arguments: [String]) throws {
        // Help, scripts and a run that a signal has ended write no object.
        let isText = arguments.contains { ["--help", "-h", "help", "--version"].contains($0) }
        let isAsked = arguments.prefix { $0 != "--" }.contains("--json") && !isText
        guard isAsked, !result.wasSignalled, result.status < 128 else { return }
        let faults = try result.faults(of: try schema.get())
        guard !faults.isEmpty else { return }
        let command = arguments.joined(separator: " ")
        throw Broken(description: "dcae \(command): \(faults.prefix(8).joined(separator: "; "))")
    }
}

extension Program.Result {
    /// The object that a run with `--json` wrote, which is all that it wrote to standard output.
    package var document: JSONValue { get throws { try JSONReader.read(Array(output.utf8)) } }

    /// The result in it: null where there is none.
    package var result: JSONValue { get throws { try document["result"] ?? .null } }

    /// What was measured over pictures, to the byte: it does not depend on the parts and the threads.
    package var measured: String {
        get throws {
            let result = try result
            guard let found = result["measurement"] ?? result["evaluation"] else {
                throw Contract.Broken(description: "nothing was measured: \(output.prefix(400))")
            }
            return JSONWriter.pretty(found)
        }
    }

    /// What breaks the contract: of the object, and of what it says of the exit code.
    package func faults(of contract: JSONSchema) throws -> [String] {
        let document = try document
        var faults = contract.faults(in: document)
        if document["ok"] != .bool(status == 0) { faults.append("ok is not whether the exit code, \(status), is 0") }
        let isFinding = document["error"]?["kind"] == "finding"
        if isFinding != (status == 1) { faults.append("an error of kind finding is exit code 1, not \(status)") }
        return faults
    }
}
