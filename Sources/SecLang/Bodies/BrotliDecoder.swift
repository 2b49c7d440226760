import CBrotli

/// Brotli by its reference decoder.
// invariant: the state is made in `init`, used by this object alone and destroyed in `deinit`.
final class BrotliDecoder {
  private let state: OpaquePointer?
  private(set) var isComplete = false

  init() { state = BrotliDecoderCreateInstance(nil, nil, nil) }

  deinit {
    if let state { BrotliDecoderDestroyInstance(state) }
  }

  /// Decodes from `position` on until the input ends or the chunk is full. Answers what went wrong behind that.
  // invariant: the decoder reads and writes within the counts it is given and keeps neither pointer.
  func decode(_ input: Span<UInt8>, _ position: inout Int, into chunk: inout [UInt8]) -> DecompressionError? {
    guard let state else { return .unsupported }
    if isComplete { return position < input.count ? .malformed : nil }
    var result = BROTLI_DECODER_RESULT_ERROR
    let start = position
    chunk.append(addingCapacity: Decompressor.chunkBytes) { output in
      output.withUnsafeMutableBufferPointer { buffer, count in
        input.withUnsafeBufferPointer { source in
          var availableIn = source.count &- start
          var nextIn = source.baseAddress.map { $0 + start }
          var availableOut = buffer.count
          var nextOut = buffer.baseAddress
          result = BrotliDecoderDecompressStream(state, &availableIn, &nextIn, &availableOut, &nextOut, nil)
          count = buffer.count &- availableOut
          position = source.count &- availableIn
        }
      }
    }
    switch result {
    case BROTLI_DECODER_RESULT_SUCCESS:
      isComplete = true
      return position < input.count ? .malformed : nil
    case BROTLI_DECODER_RESULT_ERROR: return .malformed
    default: return nil
    }
  }
}
