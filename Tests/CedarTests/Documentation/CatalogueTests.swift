import Foundation
import Testing

/// The documentation of the library says what compiles, and names what there is.
@Suite struct CatalogueTests {
  static let folder = "Sources/Cedar/Cedar.docc"

  /// Lines without what indents them, and without empty ones.
  private static func lines(_ text: some Sequence<some StringProtocol>) -> [String] {
    text.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  /// Each block of Swift stands, line by line, in `CatalogueExamples.swift`, which compiles and runs.
  @Test func examplesCompile() throws {
    let path = "Tests/CedarTests/Documentation/CatalogueExamples.swift"
    let compiled = Self.lines(try MarkdownPage.text(path).split(separator: "\n"))
    var count = 0
    for page in try MarkdownPage.all(in: Self.folder) {
      for block in page.blocks where block.language == "swift" {
        count += 1
        let wanted = Self.lines(block.lines)
        let isThere = compiled.indices.contains { start in
          compiled[start...].prefix(wanted.count).elementsEqual(wanted)
        }
        #expect(isThere, "\(page.name):\(block.line): the example is not in \(path)")
      }
    }
    #expect(count > 8)
  }

  /// Every article is on the first page.
  @Test func articlesAreListed() throws {
    let first = try MarkdownPage.text(Self.folder + "/Cedar.md")
    for page in try MarkdownPage.all(in: Self.folder) where !page.name.hasSuffix("/Cedar.md") {
      let name = try #require(page.name.split(separator: "/").last?.dropLast(".md".count))
      #expect(first.contains("<doc:\(name)>"), "\(name)")
    }
  }

  /// What is set as a symbol is a name of the library's sources.
  @Test func symbolsExist() throws {
    let sources = MarkdownPage.root.appending(path: "Sources/Cedar").path()
    var code = ""
    for case let name as String in try #require(FileManager.default.enumerator(atPath: sources))
    where name.hasSuffix(".swift") { code += try MarkdownPage.text("Sources/Cedar/" + name) }
    let declared = Set(
      code.matches(of: /(?:struct|enum|class|typealias|func|var|let|case) (\w+)/).map { String($0.1) })
    for page in try MarkdownPage.all(in: Self.folder) {
      for match in try MarkdownPage.text(page.name).matches(of: /``([A-Za-z\/]+)(?:\([^`]*)?``/) {
        for part in match.1.split(separator: "/") where part != "Cedar" {
          #expect(declared.contains(String(part)), "\(page.name): `\(match.0)`")
        }
      }
    }
  }
}
