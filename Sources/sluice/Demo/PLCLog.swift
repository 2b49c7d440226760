import FoundationEssentials
import Glibc
import NIOCore
import Synchronization

/// What the simulated PLC saw, one JSON line per request: the proof that a refused write never reached it.
final class PLCLog: Sendable {
  private let file: Mutex<Int32>
  let path: String

  /// Opens the log for appending.
  ///
  /// - Throws: `DemoFailure` when the file can't be opened.
  init(path: String) throws {
    self.path = path
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw DemoFailure("can't write `\(path)`: \(lastErrorText())") }
    file = Mutex(descriptor)
  }

  deinit { file.withLock { _ = close($0) } }

  /// A request and its reply.
  func write(frame: ModbusFrame, reply: [UInt8], client: SocketAddress?) {
    let function = Int(frame.pdu.first ?? 0)
    let exception = reply.first.map { $0 & 0x80 != 0 } == true ? Int(reply.dropFirst().first ?? 0) : 0
    line(
      #""event":"request","unit":\#(frame.unit),"function":\#(function),"request":"\#(hexadecimal(frame.pdu))","#
        + #""reply":"\#(hexadecimal(reply))","exception":\#(exception)"#, client)
  }

  /// Something else that happened on a connection.
  func write(_ event: StaticString, client: SocketAddress?) { line(#""event":"\#(event)""#, client) }

  private func line(_ fields: String, _ client: SocketAddress?) {
    let peer = client.map { "\($0.ipAddress ?? "?"):\($0.port ?? 0)" } ?? "?"
    let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let bytes = Array(#"{"time":"\#(time)","client":"\#(peer)",\#(fields)}"#.utf8) + [0x0a]
    file.withLock { descriptor in
      _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
  }
}

/// The bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

/// What `errno` says now.
func lastErrorText() -> String { errorText(errno) }

/// What the system calls an error number, in lower case.
func errorText(_ number: Int32) -> String { String(cString: strerror(number)).lowercased() }

/// Why the demo could not go on, as one sentence for a person.
struct DemoFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
