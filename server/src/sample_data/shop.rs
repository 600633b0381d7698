//! The sample shop: what its customers do in an hour, and what goes wrong in it.
//!
//! At minute 36 one of two payment hosts gets version 2.5.0, whose connection pool is too small.
//! From minute 38 its charges wait for a connection, many in vain; checkout tries again, and what
//! is left reaches customers as a failed order. At minute 50 the version is taken back. Besides,
//! the page of a vintage product reads its reviews one by one, every day.

use std::sync::Arc;

use shared::attribute::Attribute;
use shared::resource::{Resource, Scope};
use shared::span::SpanKind::{Client, Consumer, Internal, Producer, Server};

use super::random::Random;
use super::recorder::{Recorder, Sender};

const PRODUCTS: [(&str, &str); 6] = [
    ("lamp-07", "light"),
    ("chair-12", "furniture"),
    ("vase-31", "vintage"),
    ("desk-02", "furniture"),
    ("clock-88", "vintage"),
    ("rug-19", "textile"),
];

/// The attribute by which sample telemetry is told from other.
pub const SAMPLE: &str = "throughline.sample";

/// The shop's senders.
pub struct Shop {
    browsers: Vec<Sender>,
    gateway: Sender,
    catalog: Sender,
    cart: Sender,
    checkout: Sender,
    payment_1: Sender,
    payment_2: Sender,
    payment_2_new: Sender,
    mailer: Sender,
}

fn sender(service: &str, scope: &str, further: &[(&str, &str)]) -> Sender {
    let mut attributes = vec![
        Attribute::new("service.name", service),
        Attribute::new("deployment.environment.name", "production"),
        Attribute::new(SAMPLE, true),
    ];
    let further = further
        .iter()
        .map(|(key, value)| Attribute::new(*key, *value));
    attributes.extend(further);
    Sender {
        resource: Arc::new(Resource {
            attributes,
            dropped_attributes_count: 0,
        }),
        scope: Arc::new(Scope {
            name: scope.to_owned(),
            version: "1.0.0".to_owned(),
            ..Scope::default()
        }),
    }
}

fn service(name: &str, language: &str, version: &str, host: &str) -> Sender {
    let further = [
        ("service.version", version),
        ("host.name", host),
        ("telemetry.sdk.language", language),
    ];
    sender(name, "io.opentelemetry.http", &further)
}

fn browser(platform: &str, language: &str, mobile: &str) -> Sender {
    let further = [
        ("telemetry.sdk.name", "throughline"),
        ("telemetry.sdk.language", "webjs"),
        ("browser.platform", platform),
        ("browser.language", language),
        ("browser.mobile", mobile),
        ("service.version", "318"),
    ];
    sender("shop-web", "throughline", &further)
}

impl Shop {
    /// The shop with all who send for it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            browsers: vec![
                browser("Windows", "en-GB", "false"),
                browser("macOS", "de-DE", "false"),
                browser("Android", "en-US", "true"),
                browser("iOS", "fr-FR", "true"),
            ],
            gateway: service("gateway", "go", "1.18.2", "gateway-1"),
            catalog: service("catalog", "java", "7.3.0", "catalog-1"),
            cart: service("cart", "nodejs", "4.0.11", "cart-1"),
            checkout: service("checkout", "dotnet", "3.9.4", "checkout-1"),
            payment_1: service("payment", "java", "2.4.0", "payment-1"),
            payment_2: service("payment", "java", "2.4.0", "payment-2"),
            payment_2_new: service("payment", "java", "2.5.0", "payment-2"),
            mailer: service("mailer", "python", "1.2.0", "mailer-1"),
        }
    }

    /// One customer's action at a minute of the hour.
    pub fn act(&self, t: &mut Recorder<'_>, minute: f64) {
        let browser = &self.browsers[t.random.below(self.browsers.len())];
        let choice = t.random.unit();
        match choice {
            _ if choice < 0.34 => self.home(t, browser),
            _ if choice < 0.62 => self.product(t, browser),
            _ if choice < 0.76 => self.search(t, browser),
            _ if choice < 0.88 => self.add_to_cart(t, browser),
            _ => self.order(t, browser, minute),
        }
    }

    fn home(&self, t: &mut Recorder<'_>, browser: &Sender) {
        t.enter(browser, Internal, "documentLoad /");
        t.set("throughline.action", "load");
        session(t, "/");
        t.spend(35.0);
        self.fetch(t, browser, "GET", "/api/featured", |shop, t| {
            shop.call(
                t,
                &shop.gateway,
                &shop.catalog,
                "GET",
                "/featured",
                |_, t| {
                    if t.random.chance(0.85) {
                        cache(t, &self.catalog, "GET featured");
                    } else {
                        query(
                            t,
                            &self.catalog,
                            "SELECT products",
                            "SELECT * FROM products WHERE featured",
                            9.0,
                        );
                        cache(t, &self.catalog, "SET featured");
                    }
                    200
                },
            )
        });
        t.spend(60.0);
        t.leave();
    }

    fn product(&self, t: &mut Recorder<'_>, browser: &Sender) {
        let (product, category) = *t.random.pick(&PRODUCTS);
        t.enter(browser, Internal, "navigate /products/:id");
        t.set("throughline.action", "navigate");
        session(t, "/products/:id");
        t.spend(8.0);
        self.fetch(t, browser, "GET", "/api/products/{id}", |shop, t| {
            shop.call(
                t,
                &shop.gateway,
                &shop.catalog,
                "GET",
                "/products/{id}",
                |_, t| {
                    t.set("product.id", product);
                    t.set("product.category", category);
                    query(
                        t,
                        &self.catalog,
                        "SELECT products",
                        "SELECT * FROM products WHERE id = $1",
                        3.0,
                    );
                    if category == "vintage" {
                        for _ in 0..18 + t.random.below(12) {
                            query(
                                t,
                                &self.catalog,
                                "SELECT reviews",
                                "SELECT * FROM reviews WHERE id = $1",
                                2.4,
                            );
                        }
                    } else {
                        query(
                            t,
                            &self.catalog,
                            "SELECT reviews",
                            "SELECT * FROM reviews WHERE product = $1",
                            4.0,
                        );
                    }
                    200
                },
            )
        });
        t.spend(22.0);
        t.leave();
    }

    fn search(&self, t: &mut Recorder<'_>, browser: &Sender) {
        t.enter(browser, Internal, "click \"Search\"");
        t.set("throughline.action", "click");
        session(t, "/search");
        t.spend(4.0);
        let timeout = t.random.chance(0.012);
        self.fetch(t, browser, "GET", "/api/search", |shop, t| {
            shop.call(t, &shop.gateway, &shop.catalog, "GET", "/search", |_, t| {
                t.enter(&self.catalog, Client, "search products");
                t.set("db.system.name", "elasticsearch");
                t.set("db.collection.name", "products");
                if timeout {
                    t.wait(1_500);
                    t.throw("TimeoutException", "no answer from search-3 within 1500 ms");
                } else {
                    t.spend(38.0);
                }
                t.leave();
                if timeout { 504 } else { 200 }
            })
        });
        t.spend(18.0);
        t.leave();
    }

    fn add_to_cart(&self, t: &mut Recorder<'_>, browser: &Sender) {
        let (product, _) = *t.random.pick(&PRODUCTS);
        t.enter(browser, Internal, "click \"Add to cart\"");
        t.set("throughline.action", "click");
        session(t, "/products/:id");
        t.spend(3.0);
        self.fetch(t, browser, "POST", "/api/cart", |shop, t| {
            shop.call(t, &shop.gateway, &shop.cart, "POST", "/cart", |shop, t| {
                t.set("product.id", product);
                shop.call(
                    t,
                    &shop.cart,
                    &shop.catalog,
                    "GET",
                    "/stock/{id}",
                    |_, t| {
                        query(
                            t,
                            &self.catalog,
                            "SELECT stock",
                            "SELECT count FROM stock WHERE product = $1",
                            2.0,
                        );
                        200
                    },
                );
                cache(t, &self.cart, "HSET cart");
                201
            })
        });
        t.spend(9.0);
        t.leave();
    }

    fn order(&self, t: &mut Recorder<'_>, browser: &Sender, minute: f64) {
        let total = 20 + t.random.below(280) as i64;
        let order = format!("o-{:06}", t.random.below(1_000_000));
        t.enter(browser, Internal, "click \"Place order\"");
        t.set("throughline.action", "click");
        session(t, "/checkout");
        t.spend(5.0);
        let status = self.fetch(t, browser, "POST", "/api/orders", |shop, t| {
            shop.call(
                t,
                &shop.gateway,
                &shop.checkout,
                "POST",
                "/orders",
                |shop, t| {
                    t.set("order.id", order.as_str());
                    t.set("order.total", total);
                    query(
                        t,
                        &self.checkout,
                        "INSERT orders",
                        "INSERT INTO orders VALUES ($1, $2)",
                        5.0,
                    );
                    shop.call(
                        t,
                        &shop.checkout,
                        &shop.cart,
                        "GET",
                        "/cart/{id}",
                        |_, t| {
                            cache(t, &self.cart, "HGETALL cart");
                            200
                        },
                    );
                    let mut paid = false;
                    for attempt in 1..=3 {
                        paid = shop.charge(t, minute, total, attempt);
                        if paid {
                            break;
                        }
                        t.spend(120.0);
                    }
                    if !paid {
                        t.log(
                            17,
                            "ERROR",
                            format!("order {order} given up: payment failed 3 times"),
                        );
                        return 502;
                    }
                    query(
                        t,
                        &self.checkout,
                        "UPDATE orders",
                        "UPDATE orders SET paid = true WHERE id = $1",
                        4.0,
                    );
                    shop.announce(t, &order);
                    201
                },
            )
        });
        if status >= 500 {
            t.throw("OrderFailed", "Your order could not be placed");
            t.log(17, "ERROR", "OrderFailed: Your order could not be placed");
        }
        t.spend(14.0);
        t.leave();
    }

    /// One attempt to be paid; whether it succeeded.
    fn charge(&self, t: &mut Recorder<'_>, minute: f64, total: i64, attempt: i64) -> bool {
        let on_second = t.random.chance(0.5);
        let new = (36.0..50.0).contains(&minute);
        let payment = match (on_second, new) {
            (false, _) => &self.payment_1,
            (true, false) => &self.payment_2,
            (true, true) => &self.payment_2_new,
        };
        let starved = on_second && (38.0..50.0).contains(&minute);
        let status = self.call(t, &self.checkout, payment, "POST", "/charge", |_, t| {
            t.set("payment.amount", total);
            t.set("payment.attempt", attempt);
            t.enter(payment, Internal, "pool.acquire");
            t.set("db.client.connection.pool.name", "ledger");
            t.set(
                "db.client.connection.max",
                if on_second && new { 2_i64 } else { 40 },
            );
            if starved && t.random.chance(0.75) {
                t.wait(2_000);
                t.throw("PoolExhausted", "no connection within 2 s: 2 of 2 in use");
                t.log(
                    17,
                    "ERROR",
                    "pool ledger exhausted: 2 of 2 connections in use, 31 waiting",
                );
                t.leave();
                return 503;
            }
            t.spend(if starved { 900.0 } else { 0.2 });
            t.leave();
            t.enter(payment, Client, "POST acquirer.example/charge");
            t.set("http.request.method", "POST");
            t.set("url.full", "https://acquirer.example/charge");
            t.set("server.address", "acquirer.example");
            t.spend(140.0);
            t.set("http.response.status_code", 200_i64);
            t.leave();
            query(
                t,
                payment,
                "INSERT ledger",
                "INSERT INTO ledger VALUES ($1, $2)",
                4.0,
            );
            200
        });
        status < 500
    }

    /// Tells the mailer, which answers in its own time.
    fn announce(&self, t: &mut Recorder<'_>, order: &str) {
        t.enter(&self.checkout, Producer, "send orders");
        t.set("messaging.system", "kafka");
        t.set("messaging.destination.name", "orders");
        t.spend(2.0);
        t.enter(&self.mailer, Consumer, "process orders");
        t.set("messaging.system", "kafka");
        t.set("messaging.destination.name", "orders");
        t.set("order.id", order);
        t.spend(12.0);
        t.leave();
        t.leave();
    }

    /// A request of the browser to the gateway.
    fn fetch(
        &self,
        t: &mut Recorder<'_>,
        browser: &Sender,
        method: &str,
        route: &str,
        work: impl FnOnce(&Self, &mut Recorder<'_>) -> i64,
    ) -> i64 {
        // The way to the data centre and back.
        let network = if t.random.chance(0.3) { 45.0 } else { 12.0 };
        t.enter(browser, Client, format!("{method} {route}"));
        t.set("throughline.causality", "exact");
        t.set("http.request.method", method);
        t.set("url.full", format!("https://shop.example{route}"));
        t.spend(network);
        t.enter(&self.gateway, Server, format!("{method} {route}"));
        t.set("http.request.method", method);
        t.set("http.route", route);
        t.spend(0.8);
        let status = work(self, t);
        t.spend(0.5);
        respond(t, status, true);
        t.spend(network);
        respond(t, status, false);
        status
    }

    /// A request between services; `work` is what the called one does, and its status.
    fn call(
        &self,
        t: &mut Recorder<'_>,
        from: &Sender,
        to: &Sender,
        method: &str,
        route: &str,
        work: impl FnOnce(&Self, &mut Recorder<'_>) -> i64,
    ) -> i64 {
        t.enter(from, Client, method);
        t.set("http.request.method", method);
        t.set("server.address", to.resource.service_name());
        t.spend(0.4);
        t.enter(to, Server, format!("{method} {route}"));
        t.set("http.request.method", method);
        t.set("http.route", route);
        t.spend(1.5);
        let status = work(self, t);
        t.spend(0.7);
        respond(t, status, true);
        t.spend(0.4);
        respond(t, status, false);
        status
    }
}

/// Ends one side of a request.
fn respond(t: &mut Recorder<'_>, status: i64, server: bool) {
    t.set("http.response.status_code", status);
    // A server is not to blame for what its client got wrong.
    if status >= if server { 500 } else { 400 } {
        t.set("error.type", status.to_string());
        t.fail("");
    }
    t.leave();
}

fn session(t: &mut Recorder<'_>, route: &str) {
    let session = format!("s-{:04}", t.random.below(140));
    t.set("session.id", session);
    t.set("url.template", route);
}

fn query(t: &mut Recorder<'_>, sender: &Sender, name: &str, text: &str, millis: f64) {
    t.enter(sender, Client, name);
    t.set("db.system.name", "postgresql");
    t.set("db.query.text", text);
    t.spend(millis);
    t.leave();
}

fn cache(t: &mut Recorder<'_>, sender: &Sender, name: &str) {
    t.enter(sender, Client, name);
    t.set("db.system.name", "redis");
    t.spend(0.6);
    t.leave();
}

/// When the customers of an hour act, in minutes: fewer at first, more towards the end.
pub fn arrivals(random: &mut Random, count: usize) -> Vec<f64> {
    let mut minutes: Vec<f64> = (0..count).map(|_| 60.0 * random.unit().powf(0.8)).collect();
    minutes.sort_by(f64::total_cmp);
    minutes
}
