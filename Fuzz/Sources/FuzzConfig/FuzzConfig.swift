import SluiceConfig

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Feeds bytes to the configuration loader as a file. A configuration that is well must render to one that means the
/// same.
@main
enum FuzzConfig {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    _ = runDriver(&count, &arguments) { pointer, count in
      let bytes = Array(UnsafeBufferPointer(start: pointer, count: count))
      let source = ConfigurationSource.memory(
        files: ["a.yaml": Array("zones: [{ name: a }]".utf8), "x": bytes], environment: ["A": "b", "EMPTY": ""])
      guard let loaded = try? ConfigurationLoader.load(bytes: bytes, fileName: "fuzz.yaml", source: source) else {
        return 0
      }
      let text = ConfigurationRendering.json(loaded.configuration)
      guard !text.contains("<redacted>") else { return 0 }
      let again = try? ConfigurationLoader.load(bytes: Array(text.utf8), fileName: "again.yaml", source: source)
      precondition(again?.configuration == loaded.configuration, "the rendering means something else")
      return 0
    }
  }
}
