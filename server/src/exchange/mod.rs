//! The commands that exchange traces with other tools and other servers: [`export`], [`import`].
//!
//! [`file`] unpacks and decodes what lies on disk, [`http`] speaks to a server on its plain faces.

pub mod document;
pub mod export;
pub mod file;
pub mod http;
pub mod import;
pub mod session;
