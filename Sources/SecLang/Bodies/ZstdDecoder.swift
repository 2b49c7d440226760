import CZstd

/// Zstandard by its reference decoder.
// invariant: the state is made in `init`, used by this object alone and freed in `deinit`.
final class ZstdDecoder {
  /// RFC 9659: windows of content codings are 8 MiB at most.
  private static let maximumWindowLog: Int32 = 23

  private let state: OpaquePointer?
  /// Whether the last byte read ended a frame.
  private(set) var isComplete = false

  init() {
    state = ZSTD_createDStream()
    if let state { ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax, Self.maximumWindowLog) }
  }

  deinit {
    if let state { ZSTD_freeDStream(state) }
  }

  /// Decodes from `position` on until the input ends, a frame ends or the chunk is full. Answers what went wrong
  /// behind that.
  // invariant: the decoder reads and writes within the counts it is given and keeps neither pointer.
  func decode(_ input: Span<UInt8>, _ position: inout Int, into chunk: inout [UInt8]) -> DecompressionError? {
    guard let state else { return .unsupported }
    if isComplete, position >= input.count { return nil }
    var result = 0
    let start = position
    chunk.append(addingCapacity: Decompressor.chunkBytes) { output in
      output.withUnsafeMutableBufferPointer { buffer, count in
        input.withUnsafeBufferPointer { source in
          var from = ZSTD_inBuffer(
            src: source.baseAddress.map { UnsafeRawPointer($0) }, size: source.count, pos: start)
          var to = ZSTD_outBuffer(
            dst: buffer.baseAddress.map { UnsafeMutableRawPointer($0) }, size: buffer.count, pos: 0)
          result = ZSTD_decompressStream(state, &to, &from)
          count = to.pos
          position = from.pos
        }
      }
    }
    isComplete = result == 0
    return ZSTD_isError(result) != 0 ? .malformed : nil
  }
}
