/// Memory for values of one request, used again by the next.
// invariant: belongs to one `RequestFrame`; words that point into it are not read after the next `reset`.
final class ScratchArena: ValueRoom {
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var current = 0
  private var used = 0
  /// Bytes since the last reset.
  private var total = 0

  private static let blockBytes = 16 << 10

  deinit {
    for block in blocks { block.deallocate() }
  }

  func reset() {
    current = 0
    used = 0
    total = 0
  }

  func room<Element>(for count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element>? {
    let (product, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, product <= CedarLimits.scratchBytes - total else { return nil }
    let bytes = Block.rounded(product)
    while current < blocks.count {
      if bytes <= blocks[current].count - used, let base = blocks[current].baseAddress {
        defer {
          used += bytes
          total += bytes
        }
        return (base + used).bindMemory(to: type, capacity: count)
      }
      current += 1
      used = 0
    }
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(bytes, ScratchArena.blockBytes), alignment: 16)
    blocks.append(block)
    used = bytes
    total += bytes
    return block.baseAddress?.bindMemory(to: type, capacity: count)
  }
}
