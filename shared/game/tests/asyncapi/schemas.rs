//! JSON Schemas of the types, in the dialect that AsyncAPI has without saying so: draft 7, with definitions under `components`.

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{RemoveRefSiblings, Transform},
};
use serde_json::{Map, Value};

/// Schemas of what Muster reads, and of what it writes: a field with a default may be missing in the one and is there in the other.
pub struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    pub fn new() -> Self {
        let settings = || SchemaSettings::draft07().with(|settings| settings.definitions_path = "/components/schemas".into());
        Self { read: settings().into_generator(), written: settings().for_serialize().into_generator() }
    }

    /// A reference to the schema of `T`, which Muster reads.
    pub fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().into()
    }

    /// A reference to the schema of `T`, which Muster writes.
    pub fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().into()
    }

    /// The schema itself of `T`, which Muster reads and which is no component.
    pub fn inline_read<T: JsonSchema>(&mut self) -> Value {
        inline(T::json_schema(&mut self.read))
    }

    /// The schema itself of `T`, which Muster writes and which is no component.
    pub fn inline_written<T: JsonSchema>(&mut self) -> Value {
        let mut schema = inline(T::json_schema(&mut self.written));
        absent_not_null(&mut schema);
        schema
    }

    /// All components.
    pub fn components(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        for (name, mut schema) in self.written.take_definitions(true) {
            absent_not_null(&mut schema);
            let other = all.insert(name.clone(), schema.clone());
            assert!(other.is_none_or(|other| other == schema), "{name} differs when it is read and when it is written: give it two types");
        }
        all
    }
}

/// What a generator does to components only: draft 7 ignores whatever is beside a reference.
pub fn inline(mut schema: Schema) -> Value {
    RemoveRefSiblings::default().transform(&mut schema);
    schema.into()
}

/// Takes `null` out of the types of fields: Muster leaves out what it has not got.
fn absent_not_null(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &mut types[..] {
                    let only = only.take();
                    fields.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(mut choices)) = fields.remove("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                let name = if choices.len() == 1 { "allOf" } else { "anyOf" };
                fields.insert(name.into(), choices.into());
            }
            fields.values_mut().for_each(absent_not_null);
        }
        Value::Array(items) => items.iter_mut().for_each(absent_not_null),
        _ => {}
    }
}
