import Foundation

/// The files of a corpus by their paths: those of a folder, or of a tar archive that is read into memory.
package struct CorpusFiles: Sendable {
  /// Bytes of an archive, as it lies there and decompressed.
  package static let maximumArchiveBytes = 256 << 20
  package static let maximumContentBytes = 1 << 30
  /// Files of a folder.
  private static let maximumFiles = 1 << 20

  private enum Place: Sendable {
    case folder(String)
    case archive([String: ArraySlice<UInt8>])
  }

  private let place: Place
  private let known: Set<String>

  /// All paths, sorted, those of a folder below it.
  package let paths: [String]

  private init(_ place: Place, _ paths: some Sequence<String>) {
    self.place = place
    known = Set(paths)
    self.paths = known.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// - Throws: `Failure` when there is nothing at the path, or it is neither a folder nor an archive.
  package init(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure("there is no file or folder `\(Terminal.safe(path))`")
    }
    guard !isFolder.boolValue else {
      let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
      var paths: [String] = []
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? FileManager.DirectoryEnumerator()
      {
        paths.append(name)
        guard paths.count <= Self.maximumFiles else {
          throw Failure("`\(Terminal.safe(path))` has more than \(Self.maximumFiles) files")
        }
      }
      self.init(.folder(folder), paths)
      return
    }
    let bytes = try PolicyInput.read(path, maximum: Self.maximumArchiveBytes)
    do {
      try self.init(archive: bytes)
    } catch {
      throw Failure(
        "\(Terminal.safe(path)): \(Terminal.safe("\(error)"))", hint: "a corpus is a folder, .tar or .tar.gz")
    }
  }

  /// - Throws: `GzipReader.Problem` or `TarReader.Problem`.
  package init(archive bytes: [UInt8]) throws {
    let content =
      GzipReader.isGzip(bytes) ? try GzipReader.decompress(bytes, limit: Self.maximumContentBytes) : bytes
    guard TarReader.isTar(content) else { throw TarReader.Problem(offset: nil, message: "this is no tar archive") }
    var files: [String: ArraySlice<UInt8>] = [:]
    for file in try TarReader.files(content) { files[Self.plain(file.name)] = file.bytes }
    self.init(.archive(files), files.keys)
  }

  /// Without `.` in it, so that names which mean the same are the same.
  private static func plain(_ name: String) -> String {
    name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// The file that a case means by a path: one of the corpus, by the path itself or by what follows one of its folders, as
  /// seen from the corpus or from the case. Nothing outside of the corpus is ever read.
  package func resolve(_ reference: String, from path: String) -> String? {
    let folder = path.split(separator: "/").dropLast()
    var parts = Self.plain(reference).split(separator: "/")[...]
    while !parts.isEmpty {
      for candidate in [Array(parts), Array(folder + parts)] {
        let name = candidate.joined(separator: "/")
        if known.contains(name) { return name }
      }
      parts = parts.dropFirst()
    }
    return nil
  }

  /// - Throws: `Failure` when the file can't be read.
  package func bytes(_ path: String) throws -> [UInt8] {
    switch place {
    case .archive(let files):
      guard let bytes = files[path] else { throw Failure("there is no `\(Terminal.safe(path))`") }
      return Array(bytes)
    case .folder(let folder): return try PolicyInput.read("\(folder)/\(path)")
    }
  }
}
