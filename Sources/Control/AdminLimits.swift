/// Fixed bounds of the admin API.
public enum AdminLimits {
  /// Bytes of one request body.
  public static let requestBodyBytes = 4 << 20
  /// Bytes of a request's head, and of any one field in it.
  public static let requestHeadBytes = 16 << 10
  /// Fields of a request head.
  public static let requestHeaderFields = 100
  /// Open connections; more wait in the system's backlog.
  public static let connections = 256
  /// Live taps at a time; past it 503.
  public static let streams = 16
  /// Exchanges in one reply of the list.
  public static let exchangesPerReply = 1_000
  /// Exchanges in one reply of the list when the request doesn't say.
  public static let exchangesPerReplyDefault = 100
  /// Without a byte from the client, while no reply is under way.
  public static let idleTimeout: Duration = .seconds(30)
  /// From a request's head to the end of its body.
  public static let bodyTimeout: Duration = .seconds(30)
  /// Between two looks at the rings of recent exchanges, for a live tap.
  public static let tapInterval: Duration = .milliseconds(200)
  /// Silence on a live tap until a comment keeps the connection alive.
  public static let tapKeepAlive: Duration = .seconds(15)
  /// How long open replies may hold up a shutdown.
  public static let shutdownTimeout: Duration = .seconds(3)
  /// Bytes of a token file.
  public static let tokenFileBytes = 4 << 10
}
