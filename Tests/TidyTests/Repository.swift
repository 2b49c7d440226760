import Foundation

/// The files of this repository, found from where this file was compiled.
enum Repository {
  /// The folder that holds `Package.swift`.
  static let root: URL = {
    var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path() != "/" {
      let manifest = folder.appending(path: "Package.swift")
      if FileManager.default.fileExists(atPath: manifest.path()) { return folder }
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  /// Everything hand-written is in one of these folders or at the root.
  private static let rooms = [
    ".ci", "Benchmarks", "Examples", "Fuzz", "Sources", "Tests", "docs", "packaging", "scripts",
  ]

  private static let textExtensions: Set<String> = [
    "", "c", "cfg", "conf", "css", "h", "html", "js", "json", "lua", "md", "py", "service", "sh", "swift", "txt",
    "yaml", "yml",
  ]

  /// Paths of all text files, relative to the root, sorted. Built things, corpora and hidden folders are left out.
  static let textFiles: [String] = {
    var paths = names(in: "").filter { !$0.hasPrefix(".") && isFile($0) }
    for room in rooms { collect(room, into: &paths) }
    return paths.filter { textExtensions.contains(URL(filePath: $0).pathExtension) }.sorted()
  }()

  /// Paths of the Swift files below a folder, sorted.
  static func swiftFiles(in folder: String) -> [String] {
    textFiles.filter { $0.hasPrefix(folder + "/") && $0.hasSuffix(".swift") }
  }

  /// The Swift files below `Sources`, as tokens.
  static let sources: [SwiftFile] = swiftFiles(in: "Sources").map { SwiftFile(path: $0, text: text($0)) }

  /// The Swift files below `Tests`, as tokens.
  static let tests: [SwiftFile] = swiftFiles(in: "Tests").map { SwiftFile(path: $0, text: text($0)) }

  static func text(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: root.appending(path: path).path()) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path())
  }

  /// Names in a folder, sorted; none when it does not exist.
  static func names(in folder: String) -> [String] {
    let path = root.appending(path: folder).path()
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: root.appending(path: path).path(), isDirectory: &isFolder)
    return exists && !isFolder.boolValue
  }

  private static func collect(_ folder: String, into paths: inout [String]) {
    for name in names(in: folder) where !name.hasPrefix(".") && name != "__pycache__" && name != "Corpus" {
      let path = folder + "/" + name
      if isFile(path) { paths.append(path) } else { collect(path, into: &paths) }
    }
  }
}
