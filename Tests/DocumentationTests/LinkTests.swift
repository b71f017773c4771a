import Foundation
import Testing

/// The project's Markdown pages.
enum Pages {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// All pages, from the root; nothing that is hidden, built or made by runs.
    static let all: [String] = {
        let files = FileManager.default
        let top = ((try? files.contentsOfDirectory(atPath: root)) ?? []).filter {
            !$0.hasPrefix(".") && $0 != "runs" && $0 != "demo"
        }
        let below = top.flatMap { folder in
            ((try? files.subpathsOfDirectory(atPath: root + "/" + folder)) ?? []).map { folder + "/" + $0 }
        }
        return (top + below).filter { $0.hasSuffix(".md") }.sorted()
    }()

    static func text(_ page: String) throws -> String {
        try String(contentsOfFile: root + "/" + page, encoding: .utf8)
    }

    /// A page's lines outside its code blocks.
    static func prose(_ page: String) throws -> [Substring] {
        var isCode = false
        return try text(page).split(separator: "\n").filter { line in
            if line.hasPrefix("```") { isCode.toggle() }
            return !isCode && !line.hasPrefix("```")
        }
    }

    /// The anchors that a forge makes of a page's headings: lower case, blanks as dashes, no punctuation.
    static func anchors(_ page: String) throws -> Set<String> {
        Set(
            try prose(page).filter { $0.hasPrefix("#") }.map { line in
                String(
                    line.drop { $0 == "#" || $0 == " " }.lowercased().map { $0 == " " ? "-" : $0 }
                        .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
            })
    }
}

/// Links that lead nowhere are worse than none.
struct LinkTests {
    @Test func thereArePages() { #expect(Pages.all.contains("README.md") && Pages.all.count > 15) }

    @Test(arguments: Pages.all) func relativeLinksLeadSomewhere(page: String) throws {
        for link in try Self.links(page) {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? page : Self.path(String(parts[0]), from: page)
            #expect(
                FileManager.default.fileExists(atPath: Pages.root + "/" + target),
                "\(page): found a link to \(link), expected a file")
            guard parts.count == 2, target.hasSuffix(".md") else { continue }
            #expect(
                try Pages.anchors(target).contains(String(parts[1])),
                "\(page): no heading of \(target) is #\(parts[1])")
        }
    }

    /// The targets of a page's links and pictures, without those to other sites.
    private static func links(_ page: String) throws -> [String] {
        try Pages.prose(page).flatMap { $0.matches(of: /\]\(([^()\s]+)\)/) }.map { String($0.output.1) }
            .filter { $0.firstMatch(of: /^[a-z]+:/) == nil }
    }

    /// The path from the root of what is named from a page's folder; remarks become part of the experiments' pages.
    private static func path(_ name: String, from page: String) -> String {
        let place = page.replacing(/^Experiments\/remarks\//, with: "docs/experiments/")
        let folder = ((Pages.root + "/" + place) as NSString).deletingLastPathComponent
        let whole = URL(fileURLWithPath: folder + "/" + name).standardizedFileURL.path
        return String(whole.dropFirst(Pages.root.count + 1))
    }
}
