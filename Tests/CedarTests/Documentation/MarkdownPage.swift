import Foundation

/// A page of documentation, taken apart into its fenced blocks.
struct MarkdownPage {
  struct Block {
    /// Where it begins.
    var line: Int
    /// What stands behind the fence: `swift`, `cedar`, `json`.
    var language: String
    var lines: [String]
    /// The lines that follow it up to the next block.
    var after: [String] = []

    var text: String { lines.map { $0 + "\n" }.joined() }
  }

  let name: String
  let blocks: [Block]

  /// The folder that holds `Package.swift`, found from where this file was compiled.
  static let root: URL = {
    var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path() != "/" {
      if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path()) { return folder }
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
  }

  /// - Parameter path: relative to the root.
  init(_ path: String) throws {
    name = path
    var blocks: [Block] = []
    var isOpen = false
    for (index, line) in try Self.text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") {
        if !isOpen { blocks.append(Block(line: index + 1, language: String(line.dropFirst(3)), lines: [])) }
        isOpen.toggle()
      } else if isOpen {
        blocks[blocks.count - 1].lines.append(String(line))
      } else if !blocks.isEmpty {
        blocks[blocks.count - 1].after.append(String(line))
      }
    }
    self.blocks = blocks
  }

  /// Pages of a folder, sorted.
  static func all(in folder: String) throws -> [MarkdownPage] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path())
      .filter { $0.hasSuffix(".md") }.sorted().map { try MarkdownPage("\(folder)/\($0)") }
  }
}
