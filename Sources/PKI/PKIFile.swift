import Glibc

/// Files of certificates, keys and lists.
public enum PKIFile {
  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - maximum: bytes; a longer file is refused.
  ///   - isSecret: the file must not be readable by others than its owner.
  /// - Throws: when it can't be read, isn't a regular file, or is longer or more open than said.
  public static func read(_ path: String, maximum: Int, isSecret: Bool = false) throws(PKIError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw failure("read", path) }
    guard info.st_mode & S_IFMT == S_IFREG else { throw PKIError("`\(path)` isn't a file") }
    guard !isSecret || info.st_mode & 0o077 == 0 else {
      throw PKIError("`\(path)` can be read by others", hint: "chmod 600 \(path)")
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { return bytes }
      bytes += buffer.prefix(count)
      guard bytes.count <= maximum else { throw PKIError("`\(path)` is longer than \(maximum) bytes") }
    }
  }

  static func failure(_ action: String, _ path: String) -> PKIError {
    let code = errno
    return PKIError("can't \(action) `\(path)`: \(String(cString: strerror(code)).lowercased())")
  }
}
