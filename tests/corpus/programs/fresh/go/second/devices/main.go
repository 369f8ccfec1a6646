// truth: {"kind":["recursive_lock"],"waiting":["lookup"],"holder":["Deactivate","Remove"]}
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	_ "example.org/second/diag"
)

type device struct {
	name string
	uses int
}

type DeviceSet struct {
	*sync.Mutex
	devices map[string]*device
}

func (d *DeviceSet) lookup(name string) (*device, error) {
	d.Lock()
	defer d.Unlock()
	if x, ok := d.devices[name]; ok {
		return x, nil
	}
	return nil, fmt.Errorf("no device %s", name)
}

func (d *DeviceSet) Deactivate(name string) error {
	x, err := d.lookup(name)
	if err != nil {
		return err
	}
	x.uses--
	return nil
}

func (d *DeviceSet) Remove(name string) error {
	d.Lock()
	defer d.Unlock()
	if err := d.Deactivate(name); err != nil {
		return err
	}
	delete(d.devices, name)
	return nil
}

func main() {
	d := &DeviceSet{new(sync.Mutex), map[string]*device{"sda": {"sda", 1}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "DELETE" {
			d.Remove("sda")
			return
		}
		d.lookup("sda")
	}))
	go func() {
		q, _ := http.NewRequest("DELETE", server.URL, nil)
		http.DefaultClient.Do(q)
	}()
	for i := 0; i < 4; i++ {
		go http.Get(server.URL)
	}
	select {}
}
