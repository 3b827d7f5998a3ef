import CheckpointIO
import Foundation
import Hub
import TestSupport
import Testing

struct NameTests {
    @Test(arguments: [
        ("hf://org/name", "org/name", "main", nil), ("hf://org/name@v1.0", "org/name", "v1.0", nil),
        ("hf://org/name/vae", "org/name", "main", "vae"), ("hf://org/name/", "org/name", "main", nil),
        ("hf://org/name@refs/pr/7/vae/config.json", "org/name", "refs/pr/7", "vae/config.json"),
        ("hf://org/name@a%2Fb/x.bin", "org/name", "a/b", "x.bin"), ("hf://models/org/name", "org/name", "main", nil),
        ("org/name", "org/name", "main", nil), ("org/name@main", "org/name", "main", nil),
        ("https://huggingface.co/org/name", "org/name", "main", nil),
        ("https://huggingface.co/org/name/tree/dev/vae", "org/name", "dev", "vae"),
        ("https://huggingface.co/org/name/blob/main/model.safetensors", "org/name", "main", "model.safetensors"),
        (
            "https://huggingface.co/org/name/resolve/main/a%20b.safetensors?download=true", "org/name", "main",
            "a b.safetensors"
        ),
    ])
    func names(text: String, repository: String, revision: String, path: String?) throws {
        let name = try HubName.parse(text)
        #expect(name?.repository.description == repository)
        #expect(name?.revision == revision)
        #expect(name?.path == path)
        // What is printed is read as the same.
        if let name { #expect(try HubName.parse(name.description) == name) }
    }

    @Test(arguments: [
        "name", "a/b/c", "/a/b", "./a/b", "a/b.safetensors", "a/model.pt", "", "a/", "-a/b", "a/b--c", "a/b@../x",
    ])
    func whatIsNoName(text: String) throws {
        #expect(try HubName.parse(text) == nil)
    }

    @Test(arguments: [
        "hf://", "hf://a", "hf://a/b/../c", "hf://a/b//c", "hf://a/b@../x", "hf://a/b@..%2F..%2Fx/c", "hf://a b/c",
        "hf://a/b@%zz/c", "hf://../b", "hf://a/b/con", "hf://a/b/\u{1B}[31m", "https://huggingface.co/a",
        "https://huggingface.co/a/b/raw/main/x", "hf://a/.b", "hf://a/b..c", "hf://a/b.git",
    ])
    func whatCannotBeMeantOtherwiseIsRefused(text: String) {
        let error = #expect(throws: CheckpointError.self) { _ = try HubName.parse(text) }
        #expect(error?.fault is HubFault)
        #expect(error?.description.contains("\u{1B}") == false)
    }

    @Test(arguments: ["a", "a/b.safetensors", ".gitattributes", "ä/ö", "a b", "console", "com10", "...a"])
    func safePaths(path: String) { #expect(HubPath.isSafe(path)) }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a\\b", "a:b", "a\0b", "a\nb", "a\u{202E}b",
        "CON", "con.txt", "a/nul", "COM1", "lpt9.bin", "a.", "a ", "a?", "a*", "a|b", "<a>", "\"a\"",
        String(repeating: "a", count: 256), String(repeating: "a/", count: 600) + "a",
    ])
    func unsafePaths(path: String) { #expect(!HubPath.isSafe(path)) }

    @Test func collisions() {
        #expect(HubPath.collision(among: ["a", "b", "A/b"]) == nil)
        #expect(HubPath.collision(among: ["a/B", "A/b"]) != nil)
        #expect(HubPath.collision(among: ["e\u{301}", "\u{E9}"]) != nil)
    }

    @Test func foldersOfTheCache() {
        #expect(RepositoryID("mit-han-lab/dc-ae")?.cacheFolder == "models--mit-han-lab--dc-ae")
        #expect(RepositoryID(cacheFolder: "models--mit-han-lab--dc-ae")?.description == "mit-han-lab/dc-ae")
        for name in ["models--gpt2", "datasets--a--b", "models--a--b--c", "models----b", "models--..--b", "x"] {
            #expect(RepositoryID(cacheFolder: name) == nil)
        }
    }

    /// `git hash-object` of git 2.39 for the same bytes.
    @Test func digestsOfGit() throws {
        let folder = try TemporaryFolder()
        for (text, digest) in [
            ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
        ] {
            let file = try InputFile(opening: folder.write("file", Array(text.utf8)))
            #expect(try BlobHasher.digest(of: file, .gitBlob) == digest)
            #expect(FakeHub.gitBlob(Array(text.utf8)) == digest)
        }
    }

    @Test(arguments: [
        ("\"abc\"", nil),
        ("W/\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        ("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        ("\"E69DE29BB2D1D6434B8B29AE775AD8C2E48C5391\"", nil), ("", nil),
    ])
    func etags(header: String, digest: String?) {
        #expect(BlobID(header: header)?.description == digest)
    }
}

struct SettingsTests {
    private func settings(_ variables: [String: String], cache: String? = nil) throws -> HubSettings {
        try HubSettings(environment: { (["HOME": "/home/me"].merging(variables) { $1 })[$0] }, cache: cache)
    }

    /// The order of huggingface_hub 2.4.0, constants.py.
    @Test(
        arguments: [
            ([:], "/home/me/.cache/huggingface/hub"), (["XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
            (["HF_HOME": "~/hf", "XDG_CACHE_HOME": "/x"], "/home/me/hf/hub"),
            (["HF_HOME": "$HOME/${WHERE}", "WHERE": "w"], "/home/me/w/hub"),
            (["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/x"], "/old"),
            (["HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old"], "/new"),
            (["HF_HOME": "/$NOT_SET"], "/$NOT_SET/hub"),
        ] as [([String: String], String)]
    )
    func whereTheCacheIs(variables: [String: String], root: String) throws {
        #expect(try settings(variables).cacheRoot == root)
        #expect(try settings(variables, cache: "/mine").cacheRoot == "/mine")
    }

    @Test(arguments: [
        ("1", true), ("on", true), ("Yes", true), ("TRUE", true), ("0", false), ("", false), ("2", false),
    ])
    func offline(value: String, isOffline: Bool) throws {
        #expect(try settings(["HF_HUB_OFFLINE": value]).isOffline == isOffline)
        #expect(try settings(["TRANSFORMERS_OFFLINE": value]).isOffline == isOffline)
    }

    @Test func tokens() throws {
        let folder = try TemporaryFolder()
        try folder.write("token", Array("hf_file\n".utf8))
        let home = ["HF_HOME": folder.path]
        #expect(try settings(home).token == "hf_file")
        #expect(try settings(home.merging(["HF_TOKEN": " hf_env\n"]) { $1 }).token == "hf_env")
        #expect(try settings(home.merging(["HUGGING_FACE_HUB_TOKEN": "hf_old"]) { $1 }).token == "hf_old")
        #expect(try settings(home.merging(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) { $1 }).token == nil)
        // A header cannot hold these, and the message does not either.
        let error = #expect(throws: CheckpointError.self) { _ = try settings(["HF_TOKEN": "a\r\nX-Evil: 1"]) }
        #expect(error?.description.contains("Evil") == false)
    }

    @Test(arguments: ["ftp://x", "nonsense", "http://user:pass@host", "file:///etc"])
    func badEndpoints(text: String) {
        #expect(throws: CheckpointError.self) { _ = try settings(["HF_ENDPOINT": text]) }
    }

    @Test func aTokenDoesNotTravelUnencrypted() throws {
        var settings = try settings(["HF_ENDPOINT": "http://mirror.example", "HF_TOKEN": "hf_x"])
        settings.cacheRoot = "/nonexistent"
        let error = #expect(throws: CheckpointError.self) {
            _ = try Hub(settings).plan(for: HubName(try #require(RepositoryID("a/b"))))
        }
        #expect(error?.fault as? HubFault == .tokenOverHTTP)
    }
}
