import Glibc

/// A file operation that failed.
package struct FileError: Error, Equatable, CustomStringConvertible {
  var action: String
  var path: String
  var code: Int32

  package init(action: String, path: String, code: Int32) {
    self.action = action
    self.path = path
    self.code = code
  }

  package var description: String { "can't \(action) `\(path)`: \(String(cString: strerror(code)).lowercased())" }
}

package enum OpenMode {
  /// Write at the end; made when missing.
  case append
  /// Write at the end and read; must not exist yet.
  case create
  /// Write at the end and read; must exist.
  case update
  case read
}

/// An open file. Its methods are called by one thread at a time.
package protocol LogFile: AnyObject, Sendable {
  /// Returns how many bytes were taken; 0 when none can be taken without waiting longer.
  func write(_ bytes: Span<UInt8>) throws(FileError) -> Int
  /// Up to `count` bytes; fewer at the end of the file.
  func read(at offset: Int, count: Int) throws(FileError) -> [UInt8]
  func size() throws(FileError) -> Int
  func truncate(to size: Int) throws(FileError)
  func sync() throws(FileError)
  /// Takes the file for this process; false when another has it.
  func lock() -> Bool
  /// Whether the path still names this file.
  func isAtItsPath() -> Bool
}

/// The file system as the logs use it; tests put a failing one in its place.
package protocol FileAccess: Sendable {
  func makeDirectories(_ path: String) throws(FileError)
  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any LogFile
  func standardOutput() -> any LogFile
  func names(in directory: String) throws(FileError) -> [String]
  /// Nil when there is no such file.
  func size(of path: String) -> Int?
  func remove(_ path: String) throws(FileError)
}

package struct SystemFiles: FileAccess {
  package init() {}

  package func makeDirectories(_ path: String) throws(FileError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/" + part
      guard mkdir(made, 0o750) != 0 else { continue }
      let code = errno
      var info = stat()
      guard stat(made, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
        throw FileError(action: "make directory", path: made, code: code == EEXIST ? ENOTDIR : code)
      }
    }
    if !path.isEmpty, access(path, W_OK | X_OK) != 0 {
      throw FileError(action: "write into directory", path: path, code: errno)
    }
  }

  package func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any LogFile {
    let common = O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    let flags =
      switch mode {
      case .append: O_WRONLY | O_APPEND | O_CREAT
      case .create: O_RDWR | O_APPEND | O_CREAT | O_EXCL
      case .update: O_RDWR | O_APPEND
      case .read: O_RDONLY
      }
    let descriptor = Glibc.open(path, flags | common, 0o640)
    guard descriptor >= 0 else { throw FileError(action: "open", path: path, code: errno) }
    return SystemFile(path: path, descriptor: descriptor, owned: true)
  }

  package func standardOutput() -> any LogFile {
    SystemFile(path: "standard output", descriptor: STDOUT_FILENO, owned: false)
  }

  package func names(in directory: String) throws(FileError) -> [String] {
    guard let handle = opendir(directory) else { throw FileError(action: "list", path: directory, code: errno) }
    defer { closedir(handle) }
    var names: [String] = []
    while names.count < 100_000, let entry = readdir(handle) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  package func size(of path: String) -> Int? {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : nil
  }

  package func remove(_ path: String) throws(FileError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw FileError(action: "remove", path: path, code: errno) }
  }
}

private final class SystemFile: LogFile {
  private let path: String
  private let descriptor: Int32
  private let owned: Bool
  private let isRegular: Bool
  private let device: UInt
  private let inode: UInt

  init(path: String, descriptor: Int32, owned: Bool) {
    self.path = path
    self.descriptor = descriptor
    self.owned = owned
    var info = stat()
    let known = fstat(descriptor, &info) == 0
    isRegular = known && info.st_mode & S_IFMT == S_IFREG
    device = UInt(info.st_dev)
    inode = UInt(info.st_ino)
  }

  deinit {
    if owned { close(descriptor) }
  }

  func write(_ bytes: Span<UInt8>) throws(FileError) -> Int {
    var wanted = bytes.count
    if !isRegular {
      guard canTakeMore() else { return 0 }
      wanted = wholeLines(bytes, within: 4096)
    }
    let written = bytes.extracting(first: wanted).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 { return written }
    let code = errno
    if code == EINTR || code == EAGAIN { return 0 }
    throw FileError(action: "write", path: path, code: code)
  }

  /// A pipe or terminal whose reader has stopped must not stop the writer for good: it gets a moment, then a retry.
  private func canTakeMore() -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, 100) > 0
  }

  /// Whole lines up to `limit` bytes, which a pipe takes at once and unmixed with other writers; else a part of one.
  private func wholeLines(_ bytes: Span<UInt8>, within limit: Int) -> Int {
    guard bytes.count > limit else { return bytes.count }
    var index = limit
    while index > 0 {
      if bytes[index - 1] == 0x0a { return index }
      index -= 1
    }
    return limit
  }

  func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var code: Int32 = 0
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count, let base = buffer.baseAddress {
        let got = pread(descriptor, base + filled, count - filled, off_t(offset + filled))
        if got < 0, errno == EINTR { continue }
        if got < 0 { code = errno }
        guard got > 0 else { break }
        filled += got
      }
    }
    guard code == 0 else { throw FileError(action: "read", path: path, code: code) }
    return result
  }

  func size() throws(FileError) -> Int {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw FileError(action: "read", path: path, code: errno) }
    return Int(info.st_size)
  }

  func truncate(to size: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      throw FileError(action: "truncate", path: path, code: errno)
    }
  }

  func sync() throws(FileError) {
    guard fdatasync(descriptor) == 0 else { throw FileError(action: "sync", path: path, code: errno) }
  }

  func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  func isAtItsPath() -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && UInt(info.st_dev) == device && UInt(info.st_ino) == inode
  }
}

extension LogFile {
  /// Writes everything or throws; a file that takes nothing counts as full.
  func writeAll(_ bytes: Span<UInt8>, path: String) throws(FileError) {
    var done = 0
    var refusals = 0
    while done < bytes.count {
      let written = try write(bytes.extracting(droppingFirst: done))
      done += written
      refusals = written == 0 ? refusals + 1 : 0
      if refusals > 8 { throw FileError(action: "write", path: path, code: EAGAIN) }
    }
  }
}
