import Foundation
import Glibc
import SecLang

/// Pattern databases on disk, so that the next start need not make them anew: in `CACHE_DIRECTORY` as systemd sets it, or
/// else in the user's cache. Files that other users could have written are not read.
enum DatabaseCache {
  /// Bytes of the largest file that is read.
  private static let fileBytes = 256 << 20

  private static let folder: String? = {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["CACHE_DIRECTORY"], !given.isEmpty { return given + "/patterns" }
    if let given = environment["XDG_CACHE_HOME"], given.hasPrefix("/") { return given + "/sluice/patterns" }
    return environment["HOME"].map { $0 + "/.cache/sluice/patterns" }
  }()

  static func read(_ key: String) -> [UInt8]? {
    guard let path = path(key) else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_uid == geteuid(),
      info.st_mode & 0o022 == 0, info.st_size <= fileBytes
    else { return nil }
    return (try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd()).map { Array($0) }
  }

  static func write(_ key: String, _ bytes: [UInt8]) {
    guard let folder, let path = path(key) else { return }
    let files = FileManager.default
    try? files.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let part = path + ".\(getpid()).new"
    guard files.createFile(atPath: part, contents: Data(bytes), attributes: [.posixPermissions: 0o600]) else { return }
    if rename(part, path) != 0 { unlink(part) }
  }

  /// Keys are hexadecimal; anything else is not made a path of.
  private static func path(_ key: String) -> String? {
    guard let folder, !key.isEmpty, key.utf8.allSatisfy({ isalnum(Int32($0)) != 0 }) else { return nil }
    return folder + "/" + key
  }
}

extension LoadedRules {
  /// Makes the databases with which long values are searched, on a thread of its own; the rules run without meanwhile.
  package func attachDatabases() {
    let set = set
    Thread.detachNewThread {
      set.attachDatabases(saved: { DatabaseCache.read($0) }, save: { DatabaseCache.write($0, $1) })
    }
  }
}
