import Glibc

/// Files of an authority's directory: private, written whole or not at all, one process at a time.
struct AuthorityFiles {
  let directory: String

  func path(_ name: String) -> String { directory + "/" + name }

  func exists(_ name: String) -> Bool {
    var info = stat()
    return lstat(path(name), &info) == 0
  }

  /// Makes the directory and one below it, readable by their owner only.
  func make(_ subdirectory: String) throws(PKIError) {
    for path in [directory, path(subdirectory)] where mkdir(path, 0o700) != 0 && errno != EEXIST {
      throw PKIFile.failure("make the directory", path)
    }
    var info = stat()
    guard stat(directory, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
      throw PKIError("`\(directory)` isn't a directory")
    }
    guard info.st_mode & 0o022 == 0 else {
      throw PKIError("others can write into `\(directory)`", hint: "chmod 700 \(directory)")
    }
    try sync(directory)
  }

  /// Runs work while no other process does any here.
  func locked<Result>(_ work: () throws(PKIError) -> Result) throws(PKIError) -> Result {
    let path = path("lock")
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw PKIFile.failure("open", path) }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw PKIFile.failure("lock", path) }
    }
    return try work()
  }

  /// - Parameter isSecret: the file must not be readable by others.
  func read(_ name: String, maximum: Int, isSecret: Bool = false) throws(PKIError) -> [UInt8] {
    try PKIFile.read(path(name), maximum: maximum, isSecret: isSecret)
  }

  /// Puts a file in place whole: after a crash there is the old one or the new one.
  func replace(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(PKIError) {
    let target = path(name)
    let temporary = target + ".new"
    guard unlink(temporary) == 0 || errno == ENOENT else { throw PKIFile.failure("remove", temporary) }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw PKIFile.failure("make", temporary) }
    defer { close(descriptor) }
    guard fchmod(descriptor, mode) == 0 else { throw PKIFile.failure("protect", temporary) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw PKIFile.failure("write", temporary) }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw PKIFile.failure("write", temporary) }
    guard rename(temporary, target) == 0 else { throw PKIFile.failure("put in place", target) }
    try sync(target.lastIndex(of: "/").map { String(target[..<$0]) } ?? ".")
  }

  private func sync(_ directory: String) throws(PKIError) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PKIFile.failure("open", directory) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw PKIFile.failure("write", directory) }
  }
}
