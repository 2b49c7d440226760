import Foundation
import Testing

/// The documents are true about the repository that they stand in.
@Suite struct DocumentTests {
  static let pages = Repository.textFiles.filter { $0.hasSuffix(".md") }

  /// A page without its fenced blocks.
  static func prose(_ page: String) -> [(line: Int, text: String)] {
    var isFenced = false
    var result: [(Int, String)] = []
    for (index, line) in Repository.text(page).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") { isFenced.toggle() } else if !isFenced { result.append((index + 1, String(line))) }
    }
    return result
  }

  /// The anchor that GitHub and others make of a heading.
  static func anchor(_ heading: String) -> String {
    let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
    return String(kept.map { $0 == " " ? "-" : $0 })
  }

  static func anchors(_ page: String) -> Set<String> {
    Set(
      prose(page).filter { $0.text.hasPrefix("#") }.map { line in
        anchor(line.text.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces))
      })
  }

  @Test func linksResolve() throws {
    let link = try Regex("\\]\\(([^)\\s]+)\\)")
    for page in Self.pages {
      let folder = URL(filePath: page).deletingLastPathComponent().relativePath
      for (line, text) in Self.prose(page) {
        for match in text.matches(of: link) {
          guard let target = match[1].substring, !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
          let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
          let path = parts[0].isEmpty ? page : (folder == "." || folder.isEmpty ? "" : folder + "/") + parts[0]
          #expect(Repository.exists(path), "\(page):\(line): `\(target)` does not exist")
          if parts.count == 2, path.hasSuffix(".md") {
            let plain = URL(filePath: path).standardized.relativePath
            #expect(
              Self.anchors(plain).contains(String(parts[1])), "\(page):\(line): `\(target)` has no such heading")
          }
        }
      }
    }
  }

  /// The section `The path of a request` names, in order, the files that a request meets.
  @Test func lifeOfARequestNamesFewFilesThatExist() throws {
    let page = "docs/life-of-a-request.md"
    let file = try Regex("`(Sources/[^`]+)`")
    var section = ""
    var path: [String] = []
    for (line, text) in Self.prose(page) {
      if text.hasPrefix("#") { section = text.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces) }
      for match in text.matches(of: file) {
        guard let name = match[1].substring.map(String.init) else { continue }
        #expect(Repository.exists(name), "\(page):\(line): `\(name)` does not exist")
        if section == "The path of a request", !path.contains(name) { path.append(name) }
      }
    }
    #expect((1...8).contains(path.count), "\(page) names \(path.count) files in `The path of a request`")
  }

  /// Paths of somebody's machine have no place in the repository.
  @Test func noMachinePaths() {
    let paths = ["root/", "work/", "home/", "Users/", "tmp/w/"].map { "/" + $0 }
    for file in Repository.textFiles {
      let text = Repository.text(file)
      for path in paths where text.contains(path) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
          #expect(!Self.standsAlone(path, in: line), "\(file):\(index + 1): \(line)")
        }
      }
    }
  }

  /// Whether the path begins a word, and is not a part of a longer path or address.
  static func standsAlone(_ path: String, in line: Substring) -> Bool {
    line.ranges(of: path).contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      return !before.isLetter && !before.isNumber && !"./-_}*".contains(before)
    }
  }

  /// Every block of YAML is either a whole configuration, which the integration tests give to `sluice check`, or says that
  /// it is only a part.
  @Test func examplesAreWholeOrSaySo() {
    var whole = 0
    for page in Self.pages {
      let lines = Repository.text(page).split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() where line == "```yaml" {
        let first = index + 1 < lines.count ? lines[index + 1] : ""
        if first == "# sluice.yaml" { whole += 1 }
        #expect(
          first == "# sluice.yaml" || first.hasPrefix("# part of "),
          "\(page):\(index + 2): begin with `# sluice.yaml` or `# part of …`")
      }
    }
    #expect(whole > 0)
  }

  @Test func scriptFindsEveryExample() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-examples-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let script = Process()
    script.executableURL = Repository.root.appending(path: "scripts/doc-configs.sh")
    script.arguments = [folder.path()]
    try script.run()
    script.waitUntilExit()
    #expect(script.terminationStatus == 0)
    let written = try FileManager.default.contentsOfDirectory(atPath: folder.path())
    let whole = Self.pages.filter { !$0.contains("/") || $0.hasPrefix("docs/") }
      .map { Repository.text($0).ranges(of: "```yaml\n# sluice.yaml\n").count }.reduce(0, +)
    #expect(written.count == whole)
  }
}
