//! What a service announces reaches its players, and nobody else can announce.
