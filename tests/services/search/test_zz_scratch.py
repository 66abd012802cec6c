import asyncio, time, statistics
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.events import encode, wrap
from taxlien.interfaces.liens import LienCreated
from taxlien.services.search import events, service
from taxlien.services.search.adapters import current

def outgoing(lien):
    e = wrap(LienCreated(lien=lien), source="liens")
    return Outgoing(id=e.id, type=e.type, key=e.subject, body=encode(e))

async def test_zz(process_index, make_lien, database_for, bus_url):
    database = await database_for("search"); bus = connect_bus(bus_url); stop = asyncio.Event()
    run = asyncio.create_task(Consumer(database, bus, events.index_liens, service="search").run(stop))
    lat = []
    async def until(n):
        while await current.reader().count() < n: await asyncio.sleep(0.005)
    for n in range(15):
        t = time.perf_counter(); await bus.publish([outgoing(make_lien(n))]); await until(n+1); lat.append(time.perf_counter()-t)
    print("\nidle s: p50", round(statistics.median(lat[1:]),3), "max", round(max(lat[1:]),3))
    msgs = [outgoing(make_lien(n)) for n in range(1000, 21000)]
    t = time.perf_counter(); p=time.process_time()
    await bus.publish(msgs); tp = time.perf_counter()-t
    await until(20015); d = time.perf_counter()-t
    print("20000 events: publish", round(tp,2), "all visible", round(d,2), "=>", round(20000/d), "/s; cpu", round(time.process_time()-p,2))
    # under load: publish 1000/s for 5 s, and one marker each
    lat=[]; n=30000
    for _ in range(10):
        t=time.perf_counter(); await bus.publish([outgoing(make_lien(k)) for k in range(n, n+500)]); n+=500
        await until(20015+ n-30000); lat.append(time.perf_counter()-t)
    print("batches of 500 s: p50", round(statistics.median(lat),3), "max", round(max(lat),3))
    stop.set(); await run; await bus.close()
