import Testing

/// Files and functions stay short enough to read. What is longer stands in the lists below with its reason; an entry goes
/// as soon as it is no longer needed, so the lists can only shrink.
@Suite struct SizeTests {
  static let maximumFileLines = 600
  static let maximumFunctionLines = 70

  /// Path: why the file is longer than `maximumFileLines`.
  static let longFiles: [String: String] = [:]

  /// `path name`: why the function is longer than `maximumFunctionLines`.
  static let longFunctions: [String: String] = [
    "Sources/sluice/Demo/WebPage.swift webPage": "one page of HTML as a literal"
  ]

  @Test func filesAreShort() {
    var long: Set<String> = []
    for file in Repository.sources + Repository.tests where file.lines.count > Self.maximumFileLines {
      long.insert(file.path)
      #expect(Self.longFiles[file.path] != nil, "\(file.path) has \(file.lines.count) lines")
    }
    for path in Self.longFiles.keys.sorted() {
      #expect(long.contains(path), "\(path) is short now: take it off the list")
    }
  }

  @Test func functionsAreShort() {
    var long: Set<String> = []
    for file in Repository.sources {
      for body in file.bodies where body.lineCount > Self.maximumFunctionLines {
        let name = "\(file.path) \(body.name)"
        long.insert(name)
        #expect(
          Self.longFunctions[name] != nil, "\(file.path):\(body.firstLine): `\(body.name)` has \(body.lineCount) lines")
      }
    }
    for name in Self.longFunctions.keys.sorted() {
      #expect(long.contains(name), "\(name) is short now: take it off the list")
    }
  }
}
