internal import CheckpointIO

/// One self-contained page: the answer, facts about what was looked at, and sections.
///
/// It fetches nothing: its content security policy allows its own style and script, which it names by their hashes, and pictures
/// that it carries in itself. The same content gives the same bytes.
package struct Page: Sendable {
    /// The command that made it, as `dcae diff`.
    package let command: String
    /// What the page is called in a tab.
    package let title: String
    /// What a person would say, most important first.
    package let answer: [String]
    /// What was looked at.
    package var facts: [(name: String, value: Markup)] = []
    private var sections: [(id: String, title: String, body: Markup)] = []

    package init(command: String, title: String, answer: [String]) {
        self.command = command
        self.title = title
        self.answer = answer
    }

    /// Adds a section.
    ///
    /// - Parameter id: what links lead to; letters and hyphens.
    package mutating func add(_ id: String, _ title: String, _ body: Markup) {
        sections.append((id, title, body))
    }

    /// The whole file.
    package var html: String {
        let policy =
            "default-src 'none'; style-src '\(Self.hash(PageStyle.text))'; script-src '\(Self.hash(PageScript.text))'; "
            + "img-src data:; base-uri 'none'; form-action 'none'"
        let (style, script) = (Markup(stringLiteral: PageStyle.text), Markup(stringLiteral: PageScript.text))
        let links = sections.map { section -> Markup in "<a href=\"#\(section.id)\">\(section.title)</a>" }
        let facts = facts.map { fact -> Markup in "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>" }
        let bodies = sections.map { section -> Markup in
            """
            <section aria-labelledby="\(section.id)">
            <h2 id="\(section.id)">\(section.title)</h2>
            \(section.body)
            </section>

            """
        }
        let more = answer.dropFirst().map { line -> Markup in "<p class=\"also\">\(line)</p>\n" }
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <link rel="icon" href="data:,">
            <title>\(title)</title>
            <style>\(style)</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header>
            <p class="command">\(command)</p>
            <h1>\(answer.first ?? title)</h1>
            \(more)<dl class="facts">\(facts)</dl>
            <nav aria-label="Sections">\(links)</nav>
            </header>
            <main id="main">
            \(bodies)</main>
            <script>\(script)</script>
            </body>
            </html>

            """
        return page.text
    }

    private static func hash(_ text: String) -> String {
        "sha256-" + Base64.encode(SHA256.digest(text.utf8).bytes)
    }
}
