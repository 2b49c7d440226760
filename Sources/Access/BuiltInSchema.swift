/// What policies may speak of: the schema that policies and entities are validated against. `sluice policy schema` prints
/// it; docs/policy.md explains it.
package enum BuiltInSchema {
  /// Cedar schema text, in no namespace.
  package static let text = """
    // ---- Who ----

    // People, machines, places and things that policies treat alike. Entities files say who is in which group.
    entity Group in [Group] tags String;

    // A zone of the plant: `zones` of the configuration, with its level in the Purdue model.
    entity Zone in [Zone] = { purdue?: Long } tags String;

    // Every principal is in the zone whose `networks` its address is in.
    // Somebody who has logged in.
    entity User in [Group, Zone] = { email?: String } tags String;
    // A client certificate with a SPIFFE id: Service::"spiffe://plant.example/historian".
    entity Service in [Group, Zone] tags String;
    // Any other client certificate, by its subject (RFC 4514): Certificate::"CN=hmi-1,O=Plant".
    entity Certificate in [Group, Zone] tags String;
    // A client without a certificate, by its address: Client::"10.0.5.7".
    entity Client in [Group, Zone] tags String;

    // ---- What ----

    // A route of the configuration, in its `zone`.
    entity Route in [Zone, Group] tags String;
    // The path of a request in its normal form, without the query, in the route that takes it: Path::"/api/orders".
    entity Path in [Route, Group] tags String;
    // A device of the configuration, in its `zone`.
    entity Asset in [Zone, Group] = { criticality?: Long, safety?: Bool } tags String;
    // One of the `points` of an asset, in that asset: Point::"press-1/setpoint". Bounds are for policies to compare with.
    entity Point in [Asset, Group] = { minimum?: Long, maximum?: Long, safety?: Bool } tags String;

    // ---- What is done: classes, the same for every protocol ----

    action read, write, control, program, config, diagnostic, discovery, session, file, event, unknown;

    // ---- HTTP ----

    type HTTPContext = {
      sourceAddress: ipaddr,
      // The zone whose `networks` the source address is in.
      zone?: Zone,
      time: datetime,
      listener: String,
      method: String,
      // In lower case, without the port.
      host: String,
      path: String,
      // "1.2" or "1.3"; not there without TLS, like the group, such as "X25519MLKEM768".
      tlsVersion?: String,
      tlsGroup?: String,
      // Keys were exchanged so that no quantum computer can undo it.
      postQuantum: Bool,
      // The issuer (RFC 4514) and the SHA-256 of the client's certificate.
      certificateIssuer?: String,
      certificateFingerprint?: String,
      role?: String,
    };

    action http;
    action "http:read" in [http, read];
    action "http:write" in [http, write];

    action "http:GET", "http:HEAD", "http:OPTIONS", "http:TRACE" in ["http:read"] appliesTo {
      principal: [User, Service, Certificate, Client], resource: [Path], context: HTTPContext,
    };
    // `http:WebSocket` opens a connection over which the client may send anything; `http:other` is any other method.
    action "http:POST", "http:PUT", "http:PATCH", "http:DELETE", "http:WebSocket", "http:other" in ["http:write"]
      appliesTo {
        principal: [User, Service, Certificate, Client], resource: [Path], context: HTTPContext,
      };

    // ---- Modbus ----

    // Functions that have no addresses.
    type ModbusContext = {
      sourceAddress: ipaddr,
      zone?: Zone,
      time: datetime,
      listener: String,
      unit: Long,
      // The function code.
      function: Long,
      tlsVersion?: String,
      tlsGroup?: String,
      postQuantum: Bool,
      certificateIssuer?: String,
      certificateFingerprint?: String,
      // What the client's certificate says (MODBUS/TCP Security).
      role?: String,
    };

    // Functions that touch addresses. Each part of an operation that lies in a point is decided for that point, and what
    // lies in none for the asset; address and count are those of the part.
    type ModbusAddresses = {
      sourceAddress: ipaddr,
      zone?: Zone,
      time: datetime,
      listener: String,
      unit: Long,
      function: Long,
      // "coil", "discrete", "input" or "holding".
      table: String,
      // From 0.
      address: Long,
      count: Long,
      tlsVersion?: String,
      tlsGroup?: String,
      postQuantum: Bool,
      certificateIssuer?: String,
      certificateFingerprint?: String,
      role?: String,
    };

    // Functions that write values which the request tells: the least and the greatest of the part, from 0 to 65535 for
    // registers, 0 or 1 for coils.
    type ModbusValues = {
      sourceAddress: ipaddr,
      zone?: Zone,
      time: datetime,
      listener: String,
      unit: Long,
      function: Long,
      table: String,
      address: Long,
      count: Long,
      minimumValue: Long,
      maximumValue: Long,
      tlsVersion?: String,
      tlsGroup?: String,
      postQuantum: Bool,
      certificateIssuer?: String,
      certificateFingerprint?: String,
      role?: String,
    };

    // Records of files: `file` is the file's number, `address` the first record.
    type ModbusRecords = {
      sourceAddress: ipaddr,
      zone?: Zone,
      time: datetime,
      listener: String,
      unit: Long,
      function: Long,
      file: Long,
      address: Long,
      count: Long,
      tlsVersion?: String,
      tlsGroup?: String,
      postQuantum: Bool,
      certificateIssuer?: String,
      certificateFingerprint?: String,
      role?: String,
    };

    action modbus;

    action "modbus:ReadCoils", "modbus:ReadDiscreteInputs", "modbus:ReadHoldingRegisters", "modbus:ReadInputRegisters",
      "modbus:ReadFIFOQueue" in [modbus, read] appliesTo {
        principal: [User, Service, Certificate, Client], resource: [Point, Asset], context: ModbusAddresses,
      };
    // Function 23 writes as `modbus:ReadWriteMultipleRegisters`, and what it reads is `modbus:ReadHoldingRegisters`.
    action "modbus:WriteSingleCoil", "modbus:WriteSingleRegister", "modbus:WriteMultipleCoils",
      "modbus:WriteMultipleRegisters", "modbus:ReadWriteMultipleRegisters" in [modbus, write] appliesTo {
        principal: [User, Service, Certificate, Client], resource: [Point, Asset], context: ModbusValues,
      };
    // What it writes depends on what the register holds.
    action "modbus:MaskWriteRegister" in [modbus, write] appliesTo {
      principal: [User, Service, Certificate, Client], resource: [Point, Asset], context: ModbusAddresses,
    };
    action "modbus:ReadFileRecord" in [modbus, read] appliesTo {
      principal: [User, Service, Certificate, Client], resource: [Asset], context: ModbusRecords,
    };
    action "modbus:WriteFileRecord" in [modbus, write] appliesTo {
      principal: [User, Service, Certificate, Client], resource: [Asset], context: ModbusRecords,
    };
    action "modbus:CANopenGeneralReference" in [modbus, write] appliesTo {
      principal: [User, Service, Certificate, Client], resource: [Asset], context: ModbusContext,
    };
    action "modbus:ReadExceptionStatus", "modbus:GetCommEventCounter", "modbus:GetCommEventLog",
      "modbus:ReportServerID", "modbus:ReadDeviceIdentification", "modbus:ReturnQueryData",
      "modbus:ReturnDiagnosticRegister", "modbus:ReturnBusMessageCount", "modbus:ReturnBusCommunicationErrorCount",
      "modbus:ReturnBusExceptionErrorCount", "modbus:ReturnServerMessageCount", "modbus:ReturnServerNoResponseCount",
      "modbus:ReturnServerNAKCount", "modbus:ReturnServerBusyCount", "modbus:ReturnBusCharacterOverrunCount"
      in [modbus, diagnostic] appliesTo {
        principal: [User, Service, Certificate, Client], resource: [Asset], context: ModbusContext,
      };
    action "modbus:RestartCommunications", "modbus:ChangeAsciiDelimiter", "modbus:ForceListenOnlyMode",
      "modbus:ClearCountersAndDiagnosticRegister", "modbus:ClearOverrunCounter" in [modbus, control] appliesTo {
        principal: [User, Service, Certificate, Client], resource: [Asset], context: ModbusContext,
      };
    // Functions of vendors and users, and those that nobody knows.
    action "modbus:other" in [modbus, program] appliesTo {
      principal: [User, Service, Certificate, Client], resource: [Asset], context: ModbusContext,
    };
    """
}
