"""HTTP/2 streams for tests, written by the h2 package."""

from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.settings


@dataclass
class Pair:
    """A client and a server that talk in memory; what each sent is kept."""

    table: int = 4096
    client_bytes: bytes = b""
    server_bytes: bytes = b""
    client: h2.connection.H2Connection = field(init=False)
    server: h2.connection.H2Connection = field(init=False)

    def __post_init__(self) -> None:
        self.client = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=None)
        )
        self.server = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding=None)
        )
        self.client.local_settings = h2.settings.Settings(
            client=True, initial_values={h2.settings.SettingCodes.HEADER_TABLE_SIZE: self.table}
        )
        self.client.initiate_connection()
        self.server.initiate_connection()
        self.move()

    def move(self) -> None:
        """Carry what each side has to send to the other, until both are still."""
        while True:
            up = self.client.data_to_send()
            if up:
                self.client_bytes += up
                self._read(self.server, up)
            down = self.server.data_to_send()
            if down:
                self.server_bytes += down
                self._read(self.client, down)
            if not up and not down:
                return

    def _read(self, connection: h2.connection.H2Connection, data: bytes) -> None:
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived) and event.stream_id:
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
