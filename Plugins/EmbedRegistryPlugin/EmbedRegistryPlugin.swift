import Foundation
import PackagePlugin

/// Compiles Registry/*.json and Configs/*/config.json into the module that uses this plugin.
@main
struct EmbedRegistryPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL
        let files = FileManager.default
        let registry = try files.contentsOfDirectory(
            at: root.appending(path: "Registry"),
            includingPropertiesForKeys: nil
        )
        .filter { $0.pathExtension == "json" }
        let configs = try files.contentsOfDirectory(
            at: root.appending(path: "Configs"),
            includingPropertiesForKeys: nil
        )
        .map { $0.appending(path: "config.json") }
        .filter { files.fileExists(atPath: $0.path) }
        let inputs = (registry + configs).sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedRegistry.swift")
        return [
            .buildCommand(
                displayName: "Embedding the registry",
                executable: try context.tool(named: "EmbedRegistry").url,
                arguments: [root.path, output.path] + inputs.map(\.path),
                inputFiles: inputs,
                outputFiles: [output]
            )
        ]
    }
}
