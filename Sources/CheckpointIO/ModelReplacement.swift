/// What goes from a model folder when a model is written into it.
///
/// Of the same weights all other files go, as shards beside a whole file. Where the config becomes another one, the weights
/// of every other layout, format and dtype go too, where they have the names that a folder is opened by: weights never lie
/// beside the config of another model. Files of other names are somebody's own, and stay.
package struct ModelReplacement: Sendable {
    private static let configName = "config.json"

    /// The files to write: all that were planned, but for a config that lies there already.
    package let names: [String]
    private let stem: String?
    private let endsConfig: Bool
    private let endsWeights: Bool

    /// Looks at the folder.
    ///
    /// - Parameters:
    ///   - target: the folder, which need not be there.
    ///   - names: the planned files, what refers to others last.
    ///   - stem: what `ShardName.stem` gives for the weight files.
    ///   - config: the text of the new config, or nil where there is none.
    package init(in target: String, names: [String], stem: String?, config: String?) {
        let old = (try? InputFile(lookingAt: Path.join(target, Self.configName))).flatMap {
            try? $0.contents(limit: 1 << 20)
        }
        let isSame = old.map { old in config.map { old.elementsEqual($0.utf8) } ?? false } ?? false
        self.names = isSame ? names.filter { $0 != Self.configName } : names
        self.stem = stem
        endsConfig = config == nil
        endsWeights = FileIdentity(path: Path.join(target, Self.configName)) != nil && !isSame
    }

    /// Whether a file must go, or be replaced.
    package func replaces(_ name: String) -> Bool {
        names.contains { Path.isSame($0, name) } || ShardName.stem(of: name) == stem && stem != nil
            || endsConfig && Path.isSame(name, Self.configName)
            || endsWeights && ModelFolder.isWeights(name) && ModelFolder.isUsualName(name)
    }

    /// The files of a folder that go and are none of those that are written.
    package func removed(in target: String) -> [String] {
        let there = (try? ModelFolder.fileNames(in: target)) ?? []
        return there.filter { name in replaces(name) && !names.contains { Path.isSame($0, name) } }
    }
}
