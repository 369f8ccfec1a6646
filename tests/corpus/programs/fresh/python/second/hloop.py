# truth: {"kind":["none"],"no_deadlock":true}
import asyncio, faulthandler, signal, time

faulthandler.register(signal.SIGUSR1, all_threads=True)


def blocking(n):
    time.sleep(0.01)
    return sum(range(n))


async def main():
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.gather(*(loop.run_in_executor(None, blocking, 1000) for _ in range(20)))


asyncio.run(main())
