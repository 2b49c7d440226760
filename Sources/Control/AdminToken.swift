import Glibc
public import SluiceModel

/// Why the admin API cannot start.
public struct AdminServerError: Error, Sendable, Equatable, CustomStringConvertible {
  public var message: String
  public var hint: String?

  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  public var description: String { hint.map { message + "\n  hint: " + $0 } ?? message }
}

/// The bearer token as a client reads it.
public enum AdminCredentials {
  /// - Throws: `AdminServerError` when the file can't be read, is open to others, or holds no token.
  public static func token(path: String) throws -> Secret { try AdminToken.read(path: path, ours: false) }
}

/// The bearer token of the admin API.
package enum AdminToken {
  /// Random bytes in a token.
  static let bytes = 32

  /// Reads the token from its file; makes both when there is no file yet.
  ///
  /// - Throws: `AdminServerError` when the file can't be made or read, belongs to another user, is readable by others, or
  ///   holds no token.
  package static func load(path: String) throws -> Secret {
    let created = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if created >= 0 {
      defer { close(created) }
      return try write(to: created, path: path)
    }
    guard errno == EEXIST else {
      throw AdminServerError(
        "the admin token file `\(path)` can't be made: \(systemMessage())",
        hint: "make its folder, or name another file with `admin.tokenFile`")
    }
    return try read(path: path, ours: true)
  }

  private static func write(to descriptor: Int32, path: String) throws -> Secret {
    var generator = SystemRandomNumberGenerator()
    let token = base64URL((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &generator) })
    let content = Array((token + "\n").utf8)
    let written = content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard fchmod(descriptor, 0o600) == 0, written == content.count, fsync(descriptor) == 0 else {
      let reason = systemMessage()
      unlink(path)
      throw AdminServerError("the admin token file `\(path)` can't be written: \(reason)")
    }
    return Secret(token)
  }

  /// Reads an existing token file and checks who else can.
  ///
  /// - Parameter ours: whether the file must belong to this process's user.
  static func read(path: String, ours: Bool) throws -> Secret {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw AdminServerError("the admin token file `\(path)` can't be read: \(systemMessage())")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw AdminServerError("the admin token file `\(path)` is not a plain file")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw AdminServerError(
        "the admin token file `\(path)` is open to others (mode \(octal(status.st_mode & 0o777)))",
        hint: "chmod 600 \(path); if others may have read it, delete it, and a new token is made at the next start")
    }
    guard !ours || status.st_uid == geteuid() else {
      throw AdminServerError("the admin token file `\(path)` belongs to another user (uid \(status.st_uid))")
    }
    var buffer = [UInt8](repeating: 0, count: AdminLimits.tokenFileBytes)
    let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    let token = text.filter { !$0.isWhitespace }
    guard token.utf8.count >= bytes, token.utf8.allSatisfy(isTokenCharacter) else {
      throw AdminServerError(
        "the admin token file `\(path)` holds no token", hint: "delete it, and a new token is made at the next start")
    }
    return Secret(token)
  }

  /// Compares in a time that depends only on the length of what the client sent.
  package static func matches(_ candidate: some StringProtocol, _ token: Secret) -> Bool {
    let expected = Array(token.reveal().utf8)
    var difference: UInt8 = 0
    var count = 0
    for byte in candidate.utf8 {
      difference |= byte ^ (expected.isEmpty ? 0 : expected[count % expected.count])
      count += 1
    }
    return difference == 0 && count == expected.count && !expected.isEmpty
  }

  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x2b, 0x2f, 0x3d: true
    default: false
    }
  }

  /// Base64 with the URL alphabet, without padding (RFC 4648 §5).
  package static func base64URL(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var held = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      held += 8
      while held >= 6 {
        held -= 6
        result.append(alphabet[Int(bits >> UInt32(held)) & 63])
      }
      bits &= (1 << UInt32(held)) - 1
    }
    if held > 0 { result.append(alphabet[Int(bits << UInt32(6 - held)) & 63]) }
    return String(decoding: result, as: UTF8.self)
  }

  private static func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }
}

/// The text of the system's latest error on this thread.
func systemMessage(_ code: Int32 = errno) -> String {
  String(cString: strerror(code)).lowercased()
}
