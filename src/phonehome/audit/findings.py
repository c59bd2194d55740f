"""A finding as the audit document writes it: masked, attributed, with its evidence."""

from phonehome.attribution import Attributor
from phonehome.audit.session import Moment
from phonehome.audit.text import hash_parts, write_filter, write_time
from phonehome.detect.masking import Masker
from phonehome.documents import audit as doc
from phonehome.model.destination import Destination
from phonehome.model.exchange import Exchange
from phonehome.model.finding import Finding, Layer
from phonehome.reports.destinations import render_destination

EXCERPT = 40
"""Characters shown on either side of a value."""


class FindingRenderer:
    """Renders findings, masked, with each destination looked up once."""

    def __init__(
        self, masker: Masker, attributor: Attributor, inputs: list[str], session: str | None = None
    ) -> None:
        self._session = session
        self._masker = masker
        self._attributor = attributor
        self._inputs = inputs
        self._url: tuple[Exchange, str | None] | None = None
        self._destinations: dict[int, tuple[Destination, doc.DestinationDoc]] = {}

    def render(self, finding: Finding, moment: Moment, *, unfolded: bool) -> doc.FindingDoc:
        """Render one finding; `chance_bits` and `weak` are set when all has been searched.

        Args:
            finding: What was found.
            moment: What was going on.
            unfolded: Show every layer; otherwise only what the excerpt needs is looked at.
        """
        exchange = finding.exchange
        destination = self._attributor.attribute(
            exchange.host, exchange.address, exchange.port, exchange.time
        )
        layers = self._layers(finding) if unfolded else self._telling_layers(finding)
        path = self._masker.text(finding.path.encode("utf-8", "surrogateescape"))
        return doc.FindingDoc(
            id=hash_parts(
                finding.value_id,
                str(exchange.input),
                str(exchange.index),
                finding.part.value,
                path,
                *finding.chain,
                finding.form,
                *([self._session] if self._session is not None else []),
            ),
            value_id=finding.value_id,
            data_type=finding.data_type.value,
            method=finding.method.value,
            form=finding.form,
            chain=list(finding.chain),
            part=finding.part.value,
            path=path,
            offset=finding.offset,
            length=finding.length,
            transport=finding.transport.value if finding.transport is not None else None,
            direction=finding.direction.value,
            chance_bits=finding.form_bits,
            weak=None,
            count=finding.count,
            excerpt=_excerpt(layers),
            layers=layers if unfolded else [],
            exchange=self._exchange(exchange, finding),
            destination=self._destination(destination),
            session=self._session,
            step=moment.step,
            consent={service: state and state.value for service, state in moment.consent.items()},
        )

    def _layers(self, finding: Finding) -> list[doc.LayerDoc]:
        return [self._layer(finding, layer) for layer in finding.layers]

    def _telling_layers(self, finding: Finding) -> list[doc.LayerDoc]:
        """The innermost layers up to one that shows something around the value."""
        layers: list[doc.LayerDoc] = []
        for layer in reversed(finding.layers):
            layers.insert(0, self._layer(finding, layer))
            if layers[0].before or layers[0].after:
                break
        return layers

    def _layer(self, finding: Finding, layer: Layer) -> doc.LayerDoc:
        before, span, after = self._masker.window(
            layer.data,
            layer.start,
            layer.end,
            finding.value_id,
            cut_left=layer.offset > 0,
            cut_right=layer.offset + len(layer.data) < layer.size,
        )
        return doc.LayerDoc(
            name=layer.name,
            path=self._masker.text(layer.path.encode("utf-8", "surrogateescape")),
            before=before,
            span=span,
            after=after,
            size=layer.size,
            offset=layer.offset,
        )

    def _exchange(self, exchange: Exchange, finding: Finding) -> doc.ExchangeRef:
        return doc.ExchangeRef(
            input=self._inputs[exchange.input],
            index=exchange.index,
            time=write_time(exchange.time),
            method=self._masker.text(exchange.method.encode()) if exchange.method else None,
            url=self._masked_url(exchange, finding),
            host=self._masker.host(exchange.host),
            address=self._masker.host(exchange.address),
            port=exchange.port,
            protocol=exchange.protocol.value,
            app=self._masker.text(exchange.app.encode("utf-8", "surrogateescape")) if exchange.app else None,
            packets=list(exchange.packets),
            display_filter=write_filter(exchange.packets),
        )

    def _masked_url(self, exchange: Exchange, finding: Finding) -> str | None:
        if exchange.url is None:
            return None
        if finding.part.value == "request.url" and finding.offset is not None:
            span = (finding.offset, finding.offset + finding.length, finding.value_id)
            return self._masker.url(exchange.url, [span])
        if self._url is None or self._url[0] is not exchange:
            self._url = (exchange, self._masker.url(exchange.url, []))
        return self._url[1]

    def _destination(self, destination: Destination) -> doc.DestinationDoc:
        known = self._destinations.get(id(destination))
        if known is not None and known[0] is destination:
            return known[1]
        rendered = render_destination(destination)
        masked = {
            name: self._masker.host(getattr(rendered, name))
            for name in ("host", "address", "domain", "customer_domain")
        }
        result = rendered.model_copy(update=masked)
        self._destinations[id(destination)] = (destination, result)
        return result


def _excerpt(layers: list[doc.LayerDoc]) -> str:
    """The innermost layer that shows something around the value; the value alone says nothing."""
    telling = next((layer for layer in reversed(layers) if layer.before or layer.after), layers[-1])
    return telling.before[-EXCERPT:] + telling.span + telling.after[:EXCERPT]
