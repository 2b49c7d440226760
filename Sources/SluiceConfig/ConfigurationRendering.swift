public import SluiceModel

/// Writes a resolved configuration with the keys and units of the file, every default spelt out, secrets redacted.
///
/// The text is itself a configuration, JSON being YAML; only redacted values are lost.
public enum ConfigurationRendering {
  /// JSON on one line, or indented. The same configuration always gives the same text.
  public static func json(_ configuration: Configuration, pretty: Bool = false) -> String {
    ObjectSchema<Configuration>.root.encode(configuration).text(pretty: pretty)
  }
}
