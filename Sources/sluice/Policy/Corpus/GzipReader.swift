import SecLang

/// Decompresses gzip (RFC 1952) in memory.
package enum GzipReader {
  /// Why data can't be decompressed.
  package struct Problem: Error, Equatable, CustomStringConvertible {
    package var description: String
  }

  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// All members, one after the other; zeros may follow them.
  ///
  /// - Parameter limit: bytes of what comes out, at most.
  package static func decompress(_ bytes: [UInt8], limit: Int) throws(Problem) -> [UInt8] {
    let decoder = ZlibDecoder(isGzip: true)
    var output: [UInt8] = []
    var chunk: [UInt8] = []
    var position = 0
    while true {
      let start = position
      chunk.removeAll(keepingCapacity: true)
      switch decoder.decode(bytes.span, &position, into: &chunk) {
      case nil: break
      case .unsupported: throw Problem(description: "zlib can't be used")
      default: throw Problem(description: "the compressed data is damaged near byte \(position)")
      }
      output += chunk
      guard output.count <= limit else { throw Problem(description: "it decompresses to more than \(limit >> 20) MiB") }
      if decoder.isComplete {
        if bytes[position...].allSatisfy({ $0 == 0 }) { return output }
      } else if chunk.isEmpty, position == start {
        throw Problem(description: "it is cut off: the compressed data has no end")
      }
    }
  }
}
