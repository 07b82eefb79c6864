//! The liberal reader: serde_json's, but for what the [module](super) says. It never looks into what nobody asks for.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
};
use serde_json::{Error, value::RawValue};

use super::{
    Complaint,
    key::Key,
    text::{Members, Text},
    whole::whole_numbers,
};

/// How deep is looked into what is asked for. Only types without a depth of their own, such as a `Value`, come to it.
const DEPTH: u8 = 100;

/// What is read, as far as it makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The envelope of a frame: no text is mended.
    Envelope,
    /// The body of a request.
    Body,
    /// What a trusted program has published: empty text in an optional field means that it is absent.
    Event,
}

/// Reads `text` in this manner.
pub(super) fn read_liberally<'de, T: Deserialize<'de>>(text: &'de str, manner: Manner) -> Result<T, Complaint> {
    let value: &RawValue = serde_json::from_str(text).map_err(|error| Complaint::not_json(&error))?;
    Ok(serde_path_to_error::deserialize(Reader { text: value.get(), manner, depth: DEPTH })?)
}

/// Reads one value, which is JSON for sure, and has no space around it.
#[derive(Clone, Copy)]
struct Reader<'de> {
    text: &'de str,
    manner: Manner,
    depth: u8,
}

impl<'de> Reader<'de> {
    /// The reader of a value as serde_json reads it: for values about which there is no choice, and for its complaints.
    fn strict(&self) -> serde_json::Deserializer<serde_json::de::StrRead<'de>> {
        serde_json::Deserializer::from_str(self.text)
    }

    fn begins_with(&self, byte: u8) -> bool {
        self.text.as_bytes().first() == Some(&byte)
    }

    /// The reader of a value in this one.
    fn inner(&self, value: &'de RawValue) -> Result<Self, Error> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| Error::custom("nested too deeply"))?;
        Ok(Self { text: value.get(), depth, ..*self })
    }

    fn members(&self) -> Result<Vec<(Key<'de>, Self)>, Error> {
        let Members(members) = serde_json::from_str(self.text)?;
        members.into_iter().map(|(name, value)| Ok((Key(name), self.inner(value)?))).collect()
    }
}

/// The methods for values that are read as serde_json reads them.
macro_rules! as_they_are {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.strict().$method(visitor)
        }
    )*};
}

impl<'de> Reader<'de> {
    fn number(&self) -> &str {
        self.text
    }

    fn not_whole(&self) -> serde_json::Deserializer<serde_json::de::StrRead<'de>> {
        self.strict()
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    as_they_are! {
        deserialize_bool deserialize_f32 deserialize_f64 deserialize_bytes deserialize_byte_buf deserialize_unit
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text.as_bytes().first() {
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'-' | b'0'..=b'9') => self.deserialize_u64(visitor),
            _ => self.strict().deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.begins_with(b'"') {
            return self.strict().deserialize_str(visitor);
        }
        match serde_json::from_str(self.text)? {
            Text { mended: true, .. } if self.manner == Manner::Envelope => Err(Error::custom("half of a surrogate pair is no text")),
            Text { text: Cow::Borrowed(text), .. } => visitor.visit_borrowed_str(text),
            Text { text: Cow::Owned(text), .. } => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text {
            "null" => visitor.visit_none(),
            r#""""# if self.manner == Manner::Event => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        // By such a name, serde_json knows a `RawValue`: it is to have the bytes.
        if name.starts_with("$serde_json::private::") {
            return self.strict().deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.begins_with(b'[') {
            return self.strict().deserialize_seq(visitor);
        }
        let values: Vec<&RawValue> = serde_json::from_str(self.text)?;
        let readers = values.into_iter().map(|value| self.inner(value)).collect::<Result<Vec<_>, _>>()?;
        let mut readers = SeqDeserializer::new(readers.into_iter());
        let value = visitor.visit_seq(&mut readers)?;
        readers.end()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.begins_with(b'{') {
            return self.strict().deserialize_map(visitor);
        }
        visitor.visit_map(MapDeserializer::new(self.members()?.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        if !self.begins_with(b'{') {
            return self.strict().deserialize_map(visitor);
        }
        let members = self.members()?.into_iter().filter(|(_, value)| value.text != "null");
        visitor.visit_map(MapDeserializer::new(members))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.begins_with(b'{')
            && let Ok([variant]) = <[_; 1]>::try_from(self.members()?)
        {
            return visitor.visit_enum(Variant(variant));
        }
        self.strict().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

impl<'de> IntoDeserializer<'de, Error> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Reads `{"name": value}` as the variant `name` of an enum.
struct Variant<'de>((Key<'de>, Reader<'de>));

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Reader<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Reader<'de>), Error> {
        let (name, value) = self.0;
        Ok((seed.deserialize(name)?, value))
    }
}

impl<'de> VariantAccess<'de> for Reader<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}
