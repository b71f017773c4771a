import Foundation
import Testing

/// Code in the article on extending is code that is compiled and tested.
struct QuotationTests {
    static let article = "docs/guide/Extending.md"
    static let examples = Pages.root + "/Tests/CryoReconstructionTests/Examples"

    /// The Swift blocks of a page.
    static func quotations(_ page: String) throws -> [String] {
        try Pages.text(page).matches(of: /(?s)```swift\n(.*?)```/).map { String($0.output.1) }
    }

    @Test func everyQuotationIsCompiledCode() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.examples).sorted()
        let files = try names.map { try String(contentsOfFile: Self.examples + "/" + $0, encoding: .utf8) }
        let quotations = try Self.quotations(Self.article)
        for quotation in quotations {
            #expect(
                files.contains { ("\n" + $0).contains("\n" + quotation) },
                "not in \(Self.examples) as it is quoted: \(quotation.prefix(80))")
        }
        // And no example is left untold.
        for (name, file) in zip(names, files) {
            #expect(
                quotations.contains { ("\n" + file).contains("\n" + $0) },
                "\(name) is not quoted in \(Self.article)")
        }
    }

    @Test func otherPagesQuoteNoSwiftThatNobodyCompiles() throws {
        for page in Pages.all where page != Self.article && page.hasPrefix("docs/guide/") {
            #expect(try Self.quotations(page).isEmpty, "\(page)")
        }
    }
}
