import Foundation
import Testing

/// Each figure of the report has its section in the article that explains it.
struct ReportArticleTests {
    @Test func everyFigureIsExplained() throws {
        let folder = Pages.root + "/Sources/CryoReport/Page"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".swift")
        }
        let code = try names.sorted().map { try String(contentsOfFile: folder + "/" + $0, encoding: .utf8) }
            .joined()
        let titles = code.matches(of: /(?:title: "|HTML\.figure\(\s*"\w+", "|<h2>)([A-Z][\w '-]+)/).map {
            String($0.output.1)
        }
        let headings = try Pages.prose("docs/guide/ReadingTheReport.md").filter { $0.hasPrefix("## ") }
            .map { String($0.dropFirst(3)) }
        // There are twelve figures and the settings now.
        #expect(Set(titles).count > 10, "\(titles)")
        for title in Set(titles) { #expect(headings.contains(title)) }
    }
}
