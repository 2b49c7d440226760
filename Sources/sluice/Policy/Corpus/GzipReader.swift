import CZlib

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
    let stream = Stream()
    guard stream.isReady else { throw Problem(description: "zlib can't be used") }
    var output: [UInt8] = []
    var position = 0
    while true {
      let status = stream.inflate(bytes.span, &position, into: &output)
      guard output.count <= limit else { throw Problem(description: "it decompresses to more than \(limit >> 20) MiB") }
      switch status {
      case Z_OK: break
      case Z_STREAM_END:
        if bytes[position...].allSatisfy({ $0 == 0 }) { return output }
        guard stream.reset() else { throw Problem(description: "zlib can't be used") }
      case Z_BUF_ERROR: throw Problem(description: "it is cut off: the compressed data has no end")
      default: throw Problem(description: "the compressed data is damaged near byte \(position)")
      }
    }
  }

  // invariant: the stream is allocated and initialized in `init`, stays where it is, as zlib asks, and is ended and freed
  // in `deinit` alone.
  private final class Stream {
    private static let chunkBytes = 256 << 10

    private let stream: UnsafeMutablePointer<z_stream>
    let isReady: Bool

    init() {
      stream = .allocate(capacity: 1)
      stream.initialize(to: z_stream())
      isReady = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
      if isReady { inflateEnd(stream) }
      stream.deinitialize(count: 1)
      stream.deallocate()
    }

    func reset() -> Bool { inflateReset(stream) == Z_OK }

    /// Decompresses until a chunk is full, the input or the member ends.
    // invariant: zlib reads and writes within the counts it is given, which are those of the input and of the free room;
    // it keeps neither pointer, they are set anew on every call.
    func inflate(_ input: Span<UInt8>, _ position: inout Int, into output: inout [UInt8]) -> Int32 {
      let start = position
      var status = Z_OK
      output.append(addingCapacity: Stream.chunkBytes) { room in
        room.withUnsafeMutableBufferPointer { buffer, count in
          input.withUnsafeBufferPointer { source in
            stream.pointee.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
            stream.pointee.avail_in = UInt32(clamping: source.count &- start)
            stream.pointee.next_out = buffer.baseAddress.map { $0 + count }
            stream.pointee.avail_out = UInt32(clamping: buffer.count &- count)
            let (free, given) = (stream.pointee.avail_out, stream.pointee.avail_in)
            status = CZlib.inflate(stream, Z_NO_FLUSH)
            count &+= Int(free &- stream.pointee.avail_out)
            position = start &+ Int(given &- stream.pointee.avail_in)
          }
        }
      }
      return status
    }
  }
}
