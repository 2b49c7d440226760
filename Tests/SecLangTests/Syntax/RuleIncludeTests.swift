import SecLang
import Testing

@Suite struct RuleIncludeTests {
  private func parse(_ files: [String: String], _ roots: [String] = ["/r/main.conf"]) throws(RuleIssues) -> RuleDocument
  {
    try RuleParser.parse(roots, loader: MemoryRules(files))
  }

  private func markers(_ document: RuleDocument) -> [String] {
    document.statements.compactMap { if case .marker(let name) = $0.directive { name } else { nil } }
  }

  private func issues(_ files: [String: String], _ roots: [String] = ["/r/main.conf"]) -> [String] {
    do throws(RuleIssues) {
      _ = try parse(files, roots)
      return []
    } catch { return error.issues.map { "\($0.file):\($0.line):\($0.column): \($0.message)" } }
  }

  @Test func filesInTheirOrder() throws {
    let document = try parse([
      "/r/main.conf": "SecMarker A\nInclude sub/one.conf\ninclude \"sub/*.rules\"\nSecMarker Z",
      "/r/sub/one.conf": "SecMarker B\nInclude two.conf\nSecMarker D",
      "/r/sub/two.conf": "SecMarker C",
      "/r/sub/y.rules": "SecMarker F",
      "/r/sub/x.rules": "SecMarker E",
    ])
    #expect(markers(document) == ["A", "B", "C", "D", "E", "F", "Z"])
    #expect(
      document.files == ["/r/main.conf", "/r/sub/one.conf", "/r/sub/two.conf", "/r/sub/x.rules", "/r/sub/y.rules"])
    #expect(document.statements.map(\.position.file) == [0, 1, 2, 1, 3, 4, 0])
  }

  @Test func rootsAreReadInTurn() throws {
    let files = ["/r/a.conf": "SecMarker A", "/r/b.conf": "SecMarker B", "/c.conf": "SecMarker C"]
    #expect(markers(try parse(files, ["/c.conf", "/r/*.conf"])) == ["C", "A", "B"])
    #expect(markers(try parse(files, [])) == [])
  }

  @Test func inlineRulesIncludeSeenFromTheirName() throws {
    let loader = MemoryRules(["/r/a.conf": "SecMarker A"])
    let document = try RuleParser.parse(Array("Include a.conf".utf8), named: "/r/inline", loader: loader)
    #expect(markers(document) == ["A"])
    #expect(document.files == ["/r/inline", "/r/a.conf"])
  }

  @Test func missingFiles() throws {
    #expect(
      issues(["/r/main.conf": "\n Include nope.conf"]) == [
        "/r/main.conf:2:10: can't read `/r/nope.conf`: no such file"
      ])
    #expect(issues(["/r/main.conf": "Include no*.conf"]) == ["/r/main.conf:1:9: no file matches `no*.conf`"])
    #expect(markers(try parse(["/r/main.conf": "IncludeOptional nope.conf\nIncludeOptional n*\nSecMarker A"])) == ["A"])
    #expect(issues([:]) == ["/r/main.conf:1:1: can't read `/r/main.conf`: no such file"])
    #expect(issues([:], ["/r/*"]) == ["/r/*:1:1: no file matches `/r/*`"])
  }

  @Test func optionalFilesMustBeReadable() {
    var loader = MemoryRules(["/r/main.conf": "IncludeOptional a.conf"])
    loader.denied = ["/r/a.conf"]
    do throws(RuleIssues) {
      _ = try RuleParser.parse("/r/main.conf", loader: loader)
      Issue.record("no issue")
    } catch {
      #expect(error.issues.map(\.message) == ["can't read `/r/a.conf`: permission denied"])
    }
  }

  @Test func issuesNameTheirFile() {
    #expect(
      issues([
        "/r/main.conf": "Nope\nInclude a.conf\nNope", "/r/a.conf": "SecMarker A\nNope",
      ]) == [
        "/r/main.conf:1:1: unknown directive `Nope`", "/r/a.conf:2:1: unknown directive `Nope`",
        "/r/main.conf:3:1: unknown directive `Nope`",
      ])
  }

  @Test func loops() {
    #expect(issues(["/r/main.conf": "Include main.conf"]) == ["/r/main.conf:1:9: `/r/main.conf` includes itself"])
    #expect(
      issues(["/r/main.conf": "Include a.conf", "/r/a.conf": "IncludeOptional *.conf"]) == [
        "/r/a.conf:1:17: `/r/a.conf` includes itself", "/r/a.conf:1:17: `/r/main.conf` includes itself",
      ])
    // The same file twice, one after the other, is no loop.
    #expect(issues(["/r/main.conf": "Include a.conf\nInclude a.conf", "/r/a.conf": "SecMarker A"]).isEmpty)
  }

  @Test func depth() {
    var files: [String: String] = [:]
    for number in 0...RuleLimits.includeDepth { files["/r/\(number)"] = "Include \(number + 1)" }
    files["/r/\(RuleLimits.includeDepth - 1)"] = "SecMarker A"
    #expect(issues(files, ["/r/0"]).isEmpty)
    files["/r/\(RuleLimits.includeDepth - 1)"] = "Include \(RuleLimits.includeDepth)"
    #expect(issues(files, ["/r/0"]).map { $0.contains("files include each other more than 20 deep") } == [true])
  }

  @Test func manyFiles() {
    // Each includes the next twice: without a limit a million files.
    var files: [String: String] = [:]
    for number in 0..<19 { files["/r/\(number)"] = "Include \(number + 1)\nInclude \(number + 1)" }
    files["/r/19"] = "SecMarker A"
    #expect(issues(files, ["/r/0"]).map { $0.contains("more than 1000 files") } == [true])
  }

  @Test func sizes() {
    let long = String(repeating: "#", count: RuleLimits.fileBytes)
    #expect(issues(["/r/main.conf": long]).isEmpty)
    #expect(issues(["/r/main.conf": long + "#"]).map { $0.hasSuffix("is longer than 16777216 bytes") } == [true])
    let five = (0..<5).map { _ in "Include long" }.joined(separator: "\n")
    #expect(issues(["/r/main.conf": five, "/r/long": long]).map { $0.contains("67108864 bytes") } == [true])
  }
}
