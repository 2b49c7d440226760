import CZlib

/// gzip and deflate by zlib.
// invariant: the stream is allocated and initialized in `init`, stays where it is, as zlib asks, and is ended and freed
// in `deinit` alone.
package final class ZlibDecoder {
  private let stream: UnsafeMutablePointer<z_stream>
  private let isGzip: Bool
  private var isReady = false
  /// The first byte of a deflate body, until the second says whether it has zlib's frame.
  private var first: UInt8?
  /// Whether the last byte read ended the data.
  package private(set) var isComplete = false

  package init(isGzip: Bool) {
    self.isGzip = isGzip
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Decodes from `position` on until the input ends, a member of it does, or the chunk is full. Answers what went wrong
  /// behind that.
  package func decode(_ input: Span<UInt8>, _ position: inout Int, into chunk: inout [UInt8]) -> DecompressionError? {
    if !isReady {
      guard position < input.count else { return nil }
      if isGzip {
        guard begin(windowBits: 15 + 16) else { return .unsupported }
      } else if let held = first {
        // RFC 1950 §2.2: method 8, and the two bytes a multiple of 31.
        let hasFrame = held & 0x0f == 8 && (UInt16(held) << 8 | UInt16(input[position])) % 31 == 0
        guard begin(windowBits: hasFrame ? 15 : -15) else { return .unsupported }
        first = nil
        let bytes: [UInt8] = [held]
        var start = 0
        if let problem = inflate(bytes.span, &start, into: &chunk) { return problem }
      } else {
        first = input[position]
        position &+= 1
        return nil
      }
    }
    return inflate(input, &position, into: &chunk)
  }

  private func begin(windowBits: Int32) -> Bool {
    isReady = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    return isReady
  }

  // invariant: zlib reads and writes within the counts it is given, which are those of the input and of the free room;
  // it keeps neither pointer, they are set anew on every call.
  private func inflate(
    _ input: Span<UInt8>, _ position: inout Int, into chunk: inout [UInt8]
  ) -> DecompressionError? {
    var status = Z_OK
    if isComplete, position < input.count {
      guard isGzip, inflateReset(stream) == Z_OK else { return .malformed }
      isComplete = false
    }
    let start = position
    chunk.append(addingCapacity: Decompressor.chunkBytes &- chunk.count) { output in
      output.withUnsafeMutableBufferPointer { buffer, count in
        input.withUnsafeBufferPointer { source in
          let available = source.count &- start
          stream.pointee.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
          stream.pointee.avail_in = UInt32(clamping: available)
          stream.pointee.next_out = buffer.baseAddress.map { $0 + count }
          stream.pointee.avail_out = UInt32(clamping: buffer.count &- count)
          let room = stream.pointee.avail_out
          let given = stream.pointee.avail_in
          status = CZlib.inflate(stream, Z_NO_FLUSH)
          count &+= Int(room &- stream.pointee.avail_out)
          position = start &+ Int(given &- stream.pointee.avail_in)
        }
      }
    }
    switch status {
    case Z_OK, Z_BUF_ERROR: return nil
    case Z_STREAM_END:
      isComplete = true
      return nil
    default: return .malformed
    }
  }
}
