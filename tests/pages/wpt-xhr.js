'use strict';
// XMLHttpRequest (https://xhr.spec.whatwg.org).
{
  const EVENTS = ['readystatechange', 'loadstart', 'progress', 'load', 'loadend', 'error', 'abort', 'timeout'];
  const url = '/api/wpt-xhr';

  /** Opens, sends, and tells every event with the state in which it came. */
  function tell(prepare, { listen = EVENTS } = {}) {
    return new Promise((resolve, reject) => {
      const said = [];
      const xhr = new XMLHttpRequest();
      for (const type of listen) xhr.addEventListener(type, (event) => said.push(`${type} ${xhr.readyState}${event.lengthComputable ? ` ${event.loaded}/${event.total}` : ''}`));
      xhr.addEventListener('loadend', () => setTimeout(() => resolve([said, xhr.status, xhr.statusText, xhr.responseURL.replace(location.origin, '')])));
      try {
        prepare(xhr, said);
      } catch (error) {
        reject(error);
      }
    });
  }
  const send = (query = '', method = 'GET', body) => (xhr) => {
    xhr.open(method, `${url}${query}`);
    xhr.send(body);
  };

  table('xhr: events', ['', '?status=204', '?status=404', '?status=500', '?body=', '?fail=reset', '?status=302&location=/api/wpt-xhr-there', '?delay=30', '?type=text/html', '?echo=1'], (query) => [`events of ${query || 'a request'}`, () => (query === '?echo=1' ? tell(send(query), { listen: ['load', 'loadend'] }) : tell(send(query)))]);
  table('xhr: events', ['GET', 'get', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'CHICKEN'], (method) => [`events of ${method}`, () => tell(send('', method, method === 'POST' ? 'x' : undefined))]);
  table('xhr: refused', ['CONNECT', 'TRACE', 'TRACK', 'b a d', ''], (method) => [`open ${method}`, () => new XMLHttpRequest().open(method, url)]);
  table('xhr: refused', ['http://[', 'http://a:b:c/', '//', 'http://user@host:port/'], (address) => [`open ${address}`, () => new XMLHttpRequest().open('GET', address)]);

  table('xhr: types', ['', 'text', 'json', 'blob', 'arraybuffer', 'document', 'wrong'], (responseType) => [
    `responseType ${responseType}`,
    async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url);
      xhr.responseType = responseType;
      xhr.send();
      await new Promise((resolve) => (xhr.onloadend = resolve));
      return [xhr.responseType, Object.prototype.toString.call(xhr.response), await outcome(() => xhr.responseText), xhr.getResponseHeader('Content-Type'), xhr.getResponseHeader('x-none')];
    },
  ]);

  const bodies = { text: 'ü', null: null, parameters: new URLSearchParams({ a: 'b' }), blob: new Blob(['b'], { type: 'x/y' }), buffer: new Uint8Array([65]).buffer, view: new Uint8Array([65, 66]), document, number: 5 };
  table('xhr: bodies', Object.entries(bodies), ([name, body]) => [
    `send ${name}`,
    async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('POST', `${url}?echo=1`);
      xhr.setRequestHeader('X-A', '1');
      xhr.setRequestHeader('x-a', '2');
      xhr.send(body);
      await new Promise((resolve) => (xhr.onloadend = resolve));
      const { method, headers, body: received } = JSON.parse(xhr.responseText);
      return [method, headers['content-type'], headers['x-a'], headers.accept, received.length > 200 ? 'long' : received];
    },
  ]);

  cases('xhr: states', {
    'send before open': () => new XMLHttpRequest().send(),
    'setRequestHeader before open': () => new XMLHttpRequest().setRequestHeader('a', 'b'),
    'setRequestHeader after send': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url);
      xhr.send();
      return [await outcome(() => xhr.setRequestHeader('a', 'b')), await outcome(() => xhr.send())];
    },
    'forbidden and bad headers': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url);
      return [await outcome(() => xhr.setRequestHeader('cookie', 'b')), await outcome(() => xhr.setRequestHeader('a b', 'c')), await outcome(() => xhr.setRequestHeader('a', 'b\n')), await outcome(() => xhr.setRequestHeader('a'))];
    },
    'open twice': () => tell((xhr, said) => {
      xhr.open('GET', `${url}?n=1`);
      said.push('again');
      xhr.open('POST', `${url}?n=2`);
      xhr.send('x');
    }),
    'open while under way': () => tell((xhr, said) => {
      xhr.open('GET', `${url}?delay=300`);
      xhr.send();
      said.push('again');
      xhr.open('GET', `${url}?n=2`);
      xhr.send();
    }),
    'open in the load handler': async () => {
      const said = [];
      const xhr = new XMLHttpRequest();
      await new Promise((resolve) => {
        let round = 0;
        xhr.onload = () => {
          said.push(`load ${++round} ${xhr.readyState}`);
          if (round === 3) return resolve();
          xhr.open('GET', `${url}?n=${round}`);
          xhr.send();
        };
        xhr.onloadend = () => said.push(`loadend ${xhr.readyState}`);
        xhr.open('GET', url);
        xhr.send();
      });
      await sleep(5);
      return said;
    },
    'abort before send': () => {
      const said = [];
      const xhr = new XMLHttpRequest();
      for (const type of EVENTS) xhr[`on${type}`] = () => said.push(`${type} ${xhr.readyState}`);
      xhr.open('GET', url);
      xhr.abort();
      return [said, xhr.readyState];
    },
    'abort at once': () => tell((xhr, said) => {
      xhr.open('GET', `${url}?delay=300`);
      xhr.send();
      xhr.abort();
      said.push(`aborted ${xhr.readyState}`);
    }),
    'abort in a handler': () => tell((xhr) => {
      xhr.onreadystatechange = () => xhr.readyState === 2 && xhr.abort();
      xhr.open('GET', url);
      xhr.send();
    }),
    'abort when it is done': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url);
      xhr.send();
      await new Promise((resolve) => (xhr.onload = resolve));
      const said = [];
      for (const type of EVENTS) xhr[`on${type}`] = () => said.push(type);
      xhr.abort();
      return [said, xhr.readyState, xhr.status, xhr.responseText];
    },
    'a timeout': () => tell((xhr) => {
      xhr.open('GET', `${url}?delay=2000`);
      xhr.timeout = 20;
      xhr.send();
    }),
    'synchronous': () => {
      const said = [];
      const xhr = new XMLHttpRequest();
      for (const type of EVENTS) xhr[`on${type}`] = () => said.push(`${type} ${xhr.readyState}`);
      xhr.open('GET', url, false);
      xhr.send();
      said.push('returned');
      return [said, xhr.status, xhr.responseText];
    },
    'synchronous, broken': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', `${url}?fail=reset`, false);
      return outcome(() => xhr.send());
    },
    'synchronous with a timeout or type': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url, false);
      return [await outcome(() => (xhr.timeout = 5)), await outcome(() => (xhr.responseType = 'json'))];
    },
    'synchronous by undefined, null, 0': async () => [undefined, null, 0, ''].map((asynchronous) => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url, asynchronous);
      try {
        xhr.send();
      } catch (error) {
        return told(error);
      }
      return xhr.readyState;
    }),
    'upload events': async () => {
      const said = [];
      const xhr = new XMLHttpRequest();
      for (const type of EVENTS) xhr.upload.addEventListener(type, () => said.push(`upload ${type}`));
      for (const type of ['loadstart', 'load', 'loadend']) xhr.addEventListener(type, () => said.push(type));
      xhr.open('POST', url);
      xhr.send('body');
      await new Promise((resolve) => (xhr.onloadend = () => setTimeout(resolve)));
      return said.filter((text, index) => said.indexOf(text) === index);
    },
    'mime type overridden': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', `${url}?body=%3Ca%2F%3E&type=text/plain`);
      xhr.overrideMimeType('application/xml');
      xhr.send();
      await new Promise((resolve) => (xhr.onload = resolve));
      return [xhr.responseXML?.documentElement.tagName, xhr.getAllResponseHeaders().includes('content-type')];
    },
    'withCredentials': async () => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', url);
      xhr.withCredentials = true;
      xhr.send();
      return [xhr.withCredentials, await outcome(() => (xhr.withCredentials = false))];
    },
    'subclassed': async () => {
      class Own extends XMLHttpRequest {
        constructor() {
          super();
          this.own = 1;
        }
        open(...args) {
          this.opened = args.length;
          return super.open(...args);
        }
      }
      const xhr = new Own();
      xhr.open('GET', url);
      xhr.send();
      await new Promise((resolve) => (xhr.onload = resolve));
      return [xhr instanceof Own, xhr instanceof XMLHttpRequest, xhr.constructor === Own, xhr.own, xhr.opened, xhr.status, Object.keys(xhr)];
    },
    'made by Reflect and by old ways': async () => {
      const by = Reflect.construct(XMLHttpRequest, []);
      const derived = Reflect.construct(XMLHttpRequest, [], Array);
      return [by instanceof XMLHttpRequest, by.constructor === XMLHttpRequest, derived instanceof Array, await outcome(() => XMLHttpRequest()), await outcome(() => XMLHttpRequest.call({})), XMLHttpRequest.DONE, XMLHttpRequest.name, XMLHttpRequest.length];
    },
    'listeners: identity, removal, order': async () => {
      const said = [];
      const xhr = new XMLHttpRequest();
      const once = () => said.push('once');
      const removed = () => said.push('removed');
      const object = { handleEvent(event) { said.push(`object ${this === object} ${event.currentTarget === xhr} ${event.eventPhase}`); } };
      xhr.addEventListener('load', once, { once: true });
      xhr.addEventListener('load', removed);
      xhr.addEventListener('load', object);
      xhr.addEventListener('load', object);
      xhr.onload = function (event) { said.push(`onload ${this === xhr} ${event.isTrusted}`); };
      xhr.removeEventListener('load', removed);
      xhr.addEventListener('load', (event) => event.stopImmediatePropagation());
      xhr.addEventListener('load', () => said.push('stopped'));
      xhr.open('GET', url);
      xhr.send();
      await new Promise((resolve) => xhr.addEventListener('loadend', resolve));
      return said;
    },
    'an event of the page\'s own': () => {
      const said = [];
      const xhr = new XMLHttpRequest();
      xhr.onload = (event) => said.push(event.isTrusted);
      xhr.dispatchEvent(new ProgressEvent('load'));
      xhr.dispatchEvent(new Event('readystatechange'));
      return said;
    },
    'a handler that throws': async () => {
      const seen = [];
      const listen = (event) => {
        seen.push(event.message);
        event.preventDefault();
      };
      window.addEventListener('error', listen);
      const told = await tell((xhr) => {
        xhr.onload = () => {
          throw new RangeError('in a handler');
        };
        send()(xhr);
      });
      window.removeEventListener('error', listen);
      return [seen, told];
    },
    'methods on what is no request': async () => Promise.all(['open', 'send', 'abort', 'setRequestHeader'].map((name) => outcome(() => XMLHttpRequest.prototype[name].call({}, 'GET', '/')))),
    'other schemes': async () => Promise.all(['data:text/plain,x', URL.createObjectURL(new Blob(['x']))].map((address) => new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', address);
      xhr.onloadend = () => resolve([xhr.status, xhr.responseText]);
      xhr.send();
    }))),
  });
}
