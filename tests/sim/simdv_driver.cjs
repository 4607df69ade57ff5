// Drives a simulated organisation with npm's dynamics-web-api and prints what each step gave, as JSON.
const { DynamicsWebApi } = require("dynamics-web-api");

const [serverUrl, token] = process.argv.slice(2);
const api = new DynamicsWebApi({ serverUrl, dataApi: { version: "9.2" }, onTokenRefresh: async () => token });
const found = {};

async function step(name, action) {
    try {
        found[name] = await action();
    } catch (error) {
        found[name] = { failed: error.message, status: error.status, code: error.code };
    }
}

const label = (text) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });
const crm = (name) => `Microsoft.Dynamics.CRM.${name}`;

async function rows() {
    const id = await api.create({ collection: "accounts", data: { name: "Driver Ltd", telephone1: "1" } });
    await step("read", () => api.retrieve({ collection: "accounts", key: id, select: ["name", "telephone1"] }));
    const etag = found.read["@odata.etag"];
    await step("read unchanged", () => api.retrieve({ collection: "accounts", key: id, select: ["name"], ifnonematch: etag }));
    await step("update with etag", () =>
        api.update({ collection: "accounts", key: id, data: { telephone1: "2" }, ifmatch: etag }));
    await step("update with a stale etag", () =>
        api.update({ collection: "accounts", key: id, data: { telephone1: "3" }, ifmatch: etag }));
    await step("update with representation", () =>
        api.update({ collection: "accounts", key: id, data: { fax: "9" }, select: ["fax"], returnRepresentation: true }));
    await step("single column", () =>
        api.updateSingleProperty({ collection: "accounts", key: id, fieldValuePair: { telephone1: "4" } }));
    const contact = await api.create({ collection: "contacts", data: { lastname: "Driver" } });
    await step("associate one", () =>
        api.associateSingleValued({
            collection: "accounts", primaryKey: id, navigationProperty: "primarycontactid",
            relatedCollection: "contacts", relatedKey: contact,
        }));
    await step("associate many", () =>
        api.associate({
            collection: "accounts", primaryKey: id, relationshipName: "contact_customer_accounts",
            relatedCollection: "contacts", relatedKey: contact,
        }));
    await step("expanded", () =>
        api.retrieve({
            collection: "accounts", key: id, select: ["name", "telephone1"],
            expand: [{ property: "primarycontactid", select: ["lastname"] }],
        }));
    await step("disassociate many", () =>
        api.disassociate({
            collection: "accounts", primaryKey: id, relationshipName: "contact_customer_accounts", relatedKey: contact,
        }));
    await step("disassociate one", () =>
        api.disassociateSingleValued({ collection: "accounts", primaryKey: id, navigationProperty: "primarycontactid" }));
    await step("contact", () => api.retrieve({ collection: "contacts", key: contact, select: ["_parentcustomerid_value"] }));
    await step("upsert by key creates", () =>
        api.upsert({ collection: "accounts", key: "accountnumber='DRIVER-1'", data: { name: "By key" }, select: ["name"], returnRepresentation: true }));
    await step("upsert by key updates", () =>
        api.upsert({ collection: "accounts", key: "accountnumber='driver-1'", data: { name: "By key 2" }, select: ["name"], returnRepresentation: true }));
    await step("insert only", () =>
        api.upsert({ collection: "accounts", key: "accountnumber='DRIVER-1'", data: { name: "no" }, ifnonematch: "*" }));
    await step("update only", () =>
        api.upsert({ collection: "accounts", key: "00000000-0000-4000-8000-000000000099", data: { name: "no" }, ifmatch: "*" }));
    await step("duplicate rule", () =>
        api.create({ collection: "accounts", data: { name: "Driver Ltd" }, duplicateDetection: true }));
    await step("tagged", () => api.create({ collection: "accounts", data: { name: "Tagged" }, tag: "gp365", bypassCustomPluginExecution: true }));
    await step("delete", () => api.deleteRecord({ collection: "accounts", key: id }));
    await step("read deleted", () => api.retrieve({ collection: "accounts", key: id, select: ["name"] }));
}

async function lists() {
    await step("all pages", async () => {
        const first = await api.retrieveMultiple({ collection: "accounts", select: ["name"], maxPageSize: 10 });
        const all = await api.retrieveAll({ collection: "accounts", select: ["name"], maxPageSize: 10 });
        return { first: first.value.length, next: Boolean(first.oDataNextLink), all: all.value.length };
    });
    await step("count", () => api.count({ collection: "accounts" }));
    await step("filtered", () =>
        api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "startswith(name,'By key')", orderBy: ["name desc"], count: true }));
    await step("formatted", () =>
        api.retrieveMultiple({ collection: "accounts", select: ["customertypecode"], filter: "customertypecode eq 3", top: 1, includeAnnotations: "*" }));
    await step("track changes", async () => {
        const first = await api.retrieveMultiple({ collection: "accounts", select: ["name"], trackChanges: true });
        const id = await api.create({ collection: "accounts", data: { name: "Changed" } });
        const gone = await api.create({ collection: "accounts", data: { name: "Gone" } });
        await api.deleteRecord({ collection: "accounts", key: gone });
        const delta = await api.retrieveMultiple({ collection: "accounts", select: ["name"] }, first.oDataDeltaLink);
        return { first: first.value.length, delta: delta.value, id, gone, again: Boolean(delta.oDataDeltaLink) };
    });
}

async function batches() {
    await step("batch", async () => {
        api.startBatch();
        api.create({ collection: "contacts", data: { lastname: "Batch" }, contentId: "1" });
        api.create({ collection: "accounts", data: { name: "Batch Ltd", "primarycontactid@odata.bind": "$1" } });
        api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "name eq 'Batch Ltd'", inChangeSet: false });
        return api.executeBatch();
    });
    await step("change set rolled back", async () => {
        api.startBatch();
        api.create({ collection: "accounts", data: { name: "Never" } });
        api.create({ collection: "accounts", data: { name: "x".repeat(161) } });
        return api.executeBatch();
    });
    await step("never", () => api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "name eq 'Never'" }));
    await step("create multiple", () =>
        api.callAction({
            collection: "accounts", actionName: crm("CreateMultiple"),
            action: { Targets: ["M1", "M2"].map((name) => ({ "@odata.type": crm("account"), name })) },
        }));
    await step("update multiple", () =>
        api.callAction({
            collection: "accounts", actionName: crm("UpdateMultiple"),
            action: { Targets: found["create multiple"].Ids.map((accountid) => ({ "@odata.type": crm("account"), accountid, fax: "77" })) },
        }));
    await step("upsert multiple", () =>
        api.callAction({
            collection: "accounts", actionName: crm("UpsertMultiple"),
            action: { Targets: [{ "@odata.type": crm("account"), "@odata.id": "accounts(accountnumber='M-3')", name: "M3" }] },
        }));
    await step("multiple", () => api.retrieveMultiple({ collection: "accounts", select: ["name", "fax"], filter: "fax eq '77' or name eq 'M3'" }));
}

async function definitions() {
    await step("who", () => api.callFunction("WhoAmI"));
    const id = await api.createEntity({
        data: {
            "@odata.type": crm("EntityMetadata"), SchemaName: "gp365_Driver", DisplayName: label("Driver"),
            DisplayCollectionName: label("Drivers"), OwnershipType: "UserOwned", HasNotes: false, HasActivities: false, IsActivity: false,
            Attributes: [{
                "@odata.type": crm("StringAttributeMetadata"), SchemaName: "gp365_Name", IsPrimaryName: true, MaxLength: 100,
                RequiredLevel: { Value: "None" }, FormatName: { Value: "Text" }, DisplayName: label("Name"),
            }],
        },
    });
    await step("create column", () =>
        api.createAttribute({
            entityKey: id,
            data: { "@odata.type": crm("MoneyAttributeMetadata"), SchemaName: "gp365_Amount", PrecisionSource: 0, Precision: 4, DisplayName: label("Amount"), RequiredLevel: { Value: "None" } },
        }));
    await step("create relationship", () =>
        api.createRelationship({
            data: {
                "@odata.type": crm("OneToManyRelationshipMetadata"), SchemaName: "gp365_account_driver",
                ReferencedEntity: "account", ReferencedAttribute: "accountid", ReferencingEntity: "gp365_driver",
                CascadeConfiguration: { Delete: "Cascade", Assign: "NoCascade", Merge: "NoCascade", Reparent: "NoCascade", Share: "NoCascade", Unshare: "NoCascade" },
                Lookup: { "@odata.type": crm("LookupAttributeMetadata"), SchemaName: "gp365_AccountId", DisplayName: label("Account"), RequiredLevel: { Value: "None" } },
            },
        }));
    await step("entity", () => api.retrieveEntity({ key: id, select: ["LogicalName", "EntitySetName", "ChangeTrackingEnabled"], expand: [{ property: "Attributes", select: ["LogicalName"] }] }));
    await step("update entity", async () => {
        const whole = await api.retrieveEntity({ key: id });
        await api.updateEntity({ data: { ...whole, ChangeTrackingEnabled: true }, mergeLabels: true });
        return api.retrieveEntity({ key: id, select: ["ChangeTrackingEnabled"] });
    });
    await step("entities", () => api.retrieveEntities({ select: ["LogicalName"], filter: "IsCustomEntity eq true" }));
    await step("attribute", () => api.retrieveAttribute({ entityKey: id, attributeKey: "LogicalName='gp365_amount'", castType: crm("MoneyAttributeMetadata"), select: ["Precision", "PrecisionSource"] }));
    await step("update attribute", async () => {
        const whole = await api.retrieveAttribute({ entityKey: id, attributeKey: "LogicalName='gp365_name'", castType: crm("StringAttributeMetadata") });
        await api.updateAttribute({ entityKey: id, castType: crm("StringAttributeMetadata"), data: { ...whole, MaxLength: 50 } });
        return api.retrieveAttribute({ entityKey: id, attributeKey: "LogicalName='gp365_name'", castType: crm("StringAttributeMetadata"), select: ["MaxLength"] });
    });
    await step("picklists", () => api.retrieveAttributes({ entityKey: "LogicalName='account'", castType: crm("PicklistAttributeMetadata"), select: ["LogicalName"], filter: "LogicalName eq 'paymenttermscode'", expand: [{ property: "OptionSet", select: ["Options"] }] }));
    await step("relationship", () => api.retrieveRelationship({ key: "SchemaName='gp365_account_driver'", castType: crm("OneToManyRelationshipMetadata") }));
    await step("relationships", () => api.retrieveRelationships({ castType: crm("OneToManyRelationshipMetadata"), select: ["SchemaName"], filter: "ReferencingEntity eq 'gp365_driver'" }));
    await step("update relationship", async () => {
        const whole = found.relationship;
        await api.updateRelationship({ data: { ...whole, CascadeConfiguration: { ...whole.CascadeConfiguration, Delete: "RemoveLink" } }, castType: crm("OneToManyRelationshipMetadata") });
        return api.retrieveRelationship({ key: whole.MetadataId });
    });
    await step("delete relationship", () => api.deleteRelationship({ key: found.relationship.MetadataId }));
    await step("relationship gone", () => api.retrieveRelationship({ key: "SchemaName='gp365_account_driver'" }));
}

(async () => {
    await rows();
    await lists();
    await batches();
    await definitions();
    console.log(JSON.stringify(found));
})().catch((error) => {
    console.error(error);
    process.exit(1);
});
