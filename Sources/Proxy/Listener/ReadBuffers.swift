import NIOCore

/// Sizes of read buffers: small while a connection is quiet, larger while it streams.
enum ReadBuffers {
  static let client = AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 2_048, maximum: 128 << 10)
  static let upstream = AdaptiveRecvByteBufferAllocator(minimum: 4_096, initial: 4_096, maximum: 256 << 10)
  static let industrial = FixedSizeRecvByteBufferAllocator(capacity: 2_048)
}
