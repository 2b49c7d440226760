import FoundationEssentials
import Glibc

/// Files and folders of the state: private, and written so that a crash leaves the old content or the new one, never a
/// part.
package struct StateFiles: Sendable {
  /// Called before each change on disk with its kind and path. Throwing stops there, as a crash would.
  let checkpoint: @Sendable (String) throws(ACMEError) -> Void

  package init(checkpoint: @escaping @Sendable (String) throws(ACMEError) -> Void = { _ throws(ACMEError) in }) {
    self.checkpoint = checkpoint
  }

  /// Makes a folder and those above it, as far as they are missing, for this user alone.
  func makeFolder(_ path: String) throws(ACMEError) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw ACMEError(.state, "`\(path)` is not a folder") }
      return
    }
    let parent = Self.parent(path)
    if parent != path { try makeFolder(parent) }
    try checkpoint("mkdir \(path)")
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("can't be made", path) }
    try sync(parent)
  }

  /// A folder with keys is this user's and nobody else's.
  func requirePrivate(_ path: String) throws(ACMEError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Self.failure("can't be read", path) }
    guard status.st_mode & 0o077 == 0 else {
      throw ACMEError(.state, "`\(path)` is open to others: it holds keys, so `chmod 700` it")
    }
    guard status.st_uid == geteuid() else {
      throw ACMEError(.state, "`\(path)` belongs to another user (uid \(status.st_uid))")
    }
  }

  /// Writes a whole file through a temporary one beside it.
  func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(ACMEError) {
    let temporary = path + ".tmp"
    try checkpoint("write \(temporary)")
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw Self.failure("can't be made", temporary) }
    var written = fchmod(descriptor, mode) == 0 ? 0 : -1
    while written >= 0, written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      written = count > 0 ? written + count : -1
    }
    let isWhole = written == bytes.count && fsync(descriptor) == 0
    let failure = Self.failure("can't be written", temporary)
    close(descriptor)
    guard isWhole else { throw failure }
    try move(temporary, to: path)
  }

  /// Gives a file or folder another name, for good.
  func move(_ path: String, to target: String) throws(ACMEError) {
    try checkpoint("rename \(target)")
    guard rename(path, target) == 0 else { throw Self.failure("can't be renamed", path) }
    try sync(Self.parent(target))
  }

  /// Nil when there is no such file.
  func read(_ path: String, isSecret: Bool) throws(ACMEError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Self.failure("can't be read", path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ACMEError(.state, "`\(path)` is not a plain file")
    }
    guard !isSecret || status.st_mode & 0o077 == 0 else {
      throw ACMEError(.state, "`\(path)` is open to others: it is a key, so `chmod 600` it")
    }
    guard status.st_size <= ACMELimits.stateFileBytes else {
      throw ACMEError(.state, "`\(path)` is longer than \(ACMELimits.stateFileBytes) bytes")
    }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while result.count <= ACMELimits.stateFileBytes {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return result }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure("can't be read", path) }
      result += buffer[..<count]
    }
    throw ACMEError(.state, "`\(path)` is longer than \(ACMELimits.stateFileBytes) bytes")
  }

  func readText(_ path: String, isSecret: Bool) throws(ACMEError) -> String? {
    guard let bytes = try read(path, isSecret: isSecret) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw ACMEError(.state, "`\(path)` is not text") }
    return text
  }

  /// Removes a file or a whole folder; well when there is none.
  func remove(_ path: String) throws(ACMEError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    try checkpoint("remove \(path)")
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw ACMEError(.state, "`\(path)` can't be removed: \(error)")
    }
    try sync(Self.parent(path))
  }

  /// Names in a folder, sorted; empty when there is none.
  func names(in folder: String) throws(ACMEError) -> [String] {
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
      throw ACMEError(.state, "`\(folder)` can't be read: \(error)")
    }
  }

  private func sync(_ folder: String) throws(ACMEError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("can't be opened", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw Self.failure("can't be written", folder) }
  }

  private static func parent(_ path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  private static func failure(_ what: String, _ path: String) -> ACMEError {
    ACMEError(.state, "`\(path)` \(what): \(String(cString: strerror(errno)))")
  }
}
