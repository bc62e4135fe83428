from tests.console.test_order_pages import *
from tests.console.test_order_pages import browser_of,lead,happened,cells,order_id,PINE,agree,order,ship,bill,part,change,line,BOLTS,SAWS
def test_x(on_either):
    gateway=on_either
    browser=browser_of(gateway)
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, SAWS))
    print(lead(browser,gateway))
    ship(gateway, part("150"))
    bill(gateway)
    gateway.settle(PINE, change(line("1","PH-0101","6","DOOS","6.00"), SAWS, version=2))
    gateway.send(PINE, change(line("1","PH-0101","7","DOOS","6.00"), SAWS, version=5)); gateway.work()
    print(lead(browser,gateway)); print(browser.text)
    for r in cells(browser,"What was ordered"): print(r)
    print(happened(browser))
    b=browser.open(f"/orders/{order_id(gateway)}/lines/1"); print(b.status_code, browser.text[:1500])
    b=browser.open(f"/orders?number=PH-4001"); print(b.status_code, b.headers.get("Location"))
    b=browser.open(f"/accounts/{PINE}/orders"); print(b.status_code, browser.text[:900])
    b=browser.open(f"/accounts/{PINE}/documents"); print(b.status_code, browser.text[:1200])
    d=gateway.store.documents.newest(PINE,kind=None,order_number=None,limit=1)[0]
    b=browser.open(f"/documents/{d.id}"); print(b.status_code, browser.text[:2500])
    b=browser.open(f"/orders/overdue"); print(b.status_code, browser.text[:700])
