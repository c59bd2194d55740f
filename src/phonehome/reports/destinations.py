"""A destination as the audit document writes it."""

from phonehome.documents import audit as doc
from phonehome.model.destination import Destination, Network, Organisation


def render_destination(destination: Destination) -> doc.DestinationDoc:
    """Every answer with its source and date; hosts are not masked yet."""
    registry = destination.registry
    return doc.DestinationDoc(
        host=destination.host,
        address=destination.address,
        port=destination.port,
        domain=destination.domain,
        customer_domain=destination.customer_domain,
        organisation=_organisation(destination.organisation),
        hosting=_organisation(destination.hosting),
        network=_network(destination.network) if destination.network is not None else None,
        networks=[_network(network) for network in destination.networks],
        registry=doc.Registry(name=registry.name, source=registry.source, date=registry.date.isoformat())
        if registry is not None
        else None,
        countries=[
            doc.Country(
                country=place.country,
                kind=place.kind.value,
                source=place.source,
                date=place.date.isoformat(),
            )
            for place in destination.countries
        ],
        country=destination.country,
        notes=list(destination.notes),
    )


def _organisation(organisation: Organisation | None) -> doc.Organisation | None:
    if organisation is None:
        return None
    return doc.Organisation(
        name=organisation.name,
        country=organisation.country,
        roles=list(organisation.roles),
        source=organisation.source,
        date=organisation.date.isoformat(),
    )


def _network(network: Network) -> doc.Network:
    return doc.Network(
        asn=network.asn, name=network.name, source=network.source, date=network.date.isoformat()
    )
