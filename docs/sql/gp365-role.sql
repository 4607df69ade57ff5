-- gp365: the least that its login needs in SQL Server, and views that show what it reads.
-- Made from gp365's data files; a test compares it with them.
--
-- 1. Make a login for gp365: a Windows account, or a SQL login that was NOT made inside Dynamics GP (GP encrypts the
--    passwords of its users, so that theirs cannot be used outside of it).
-- 2. Run the part "company database" in every company that gp365 shall serve, the part "system database" once.
-- 3. Make the login a user of these databases and add it to the roles:
--        CREATE USER [gp365] FOR LOGIN [gp365];
--        ALTER ROLE [gp365_reader] ADD MEMBER [gp365];
--        ALTER ROLE [gp365_writer] ADD MEMBER [gp365];   -- only where gp365 shall write customers or documents
--
-- Membership in DYNGRP works too and gives far more: every table may then be changed.
-- An upgrade of Dynamics GP may drop grants on procedures: run this again after one.

-- company database ------------------------------------------------------------------

IF DATABASE_PRINCIPAL_ID('gp365_reader') IS NULL EXEC ('CREATE ROLE [gp365_reader]');
GRANT SELECT ON [dbo].[GL00100] TO [gp365_reader];
GRANT SELECT ON [dbo].[GL00102] TO [gp365_reader];
GRANT SELECT ON [dbo].[GL00105] TO [gp365_reader];
GRANT SELECT ON [dbo].[GL10110] TO [gp365_reader];
GRANT SELECT ON [dbo].[GL10111] TO [gp365_reader];
GRANT SELECT ON [dbo].[GL20000] TO [gp365_reader];
GRANT SELECT ON [dbo].[GL30000] TO [gp365_reader];
GRANT SELECT ON [dbo].[IV00101] TO [gp365_reader];
GRANT SELECT ON [dbo].[IV00102] TO [gp365_reader];
GRANT SELECT ON [dbo].[IV00107] TO [gp365_reader];
GRANT SELECT ON [dbo].[IV00108] TO [gp365_reader];
GRANT SELECT ON [dbo].[MC020102] TO [gp365_reader];
GRANT SELECT ON [dbo].[PM00200] TO [gp365_reader];
GRANT SELECT ON [dbo].[PM00300] TO [gp365_reader];
GRANT SELECT ON [dbo].[POP10100] TO [gp365_reader];
GRANT SELECT ON [dbo].[POP10110] TO [gp365_reader];
GRANT SELECT ON [dbo].[POP30100] TO [gp365_reader];
GRANT SELECT ON [dbo].[POP30110] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM00101] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM00102] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM00103] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM00201] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM00301] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM00303] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM10101] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM10201] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM10301] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM20101] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM20201] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM30101] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM30201] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM30301] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM40101] TO [gp365_reader];
GRANT SELECT ON [dbo].[RM40201] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP10100] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP10102] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP10103] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP10106] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP10200] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP30200] TO [gp365_reader];
GRANT SELECT ON [dbo].[SOP30300] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY00500] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY01100] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY01200] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY03000] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY03300] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY03900] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY40100] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY40101] TO [gp365_reader];
GO

IF DATABASE_PRINCIPAL_ID('gp365_writer') IS NULL EXEC ('CREATE ROLE [gp365_writer]');
GRANT SELECT ON [dbo].[PM00200] TO [gp365_writer];
GRANT SELECT ON [dbo].[PM00300] TO [gp365_writer];
GRANT SELECT ON [dbo].[POP10100] TO [gp365_writer];
GRANT SELECT ON [dbo].[RM00401] TO [gp365_writer];
GRANT SELECT ON [dbo].[RM20201] TO [gp365_writer];
GRANT SELECT ON [dbo].[SOP10100] TO [gp365_writer];
GRANT SELECT ON [dbo].[SOP10106] TO [gp365_writer];
GRANT SELECT ON [dbo].[SY00500] TO [gp365_writer];
GRANT SELECT ON [dbo].[SY40100] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taUpdateCreateCustomerRcd] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taCreateCustomerAddress] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taCreateInternetAddresses] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taCreateCustomerClass] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taGetPaymentNumber] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taRMDistribution] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taRMTransaction] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taRMCashReceiptInsert] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taRMApply] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taUpdateCreateVendorRcd] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taCreateVendorAddress] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taGetSopNumber] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taSopLineIvcInsert] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taCreateSopPaymentInsertRecord] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taSopDistribution] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taSopUserDefined] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taSopHdrIvcInsert] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taGetPONextNumber] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taPoLine] TO [gp365_writer];
GRANT EXECUTE ON [dbo].[taPoHdr] TO [gp365_writer];
GO

-- how add-ons are seen; a site may lack these tables
IF OBJECT_ID('[dbo].[AAG00400]') IS NOT NULL GRANT SELECT ON [dbo].[AAG00400] TO [gp365_reader];
IF OBJECT_ID('[dbo].[IV10401]') IS NOT NULL GRANT SELECT ON [dbo].[IV10401] TO [gp365_reader];
IF OBJECT_ID('[dbo].[RM00105]') IS NOT NULL GRANT SELECT ON [dbo].[RM00105] TO [gp365_reader];
IF OBJECT_ID('[dbo].[SOP10110]') IS NOT NULL GRANT SELECT ON [dbo].[SOP10110] TO [gp365_reader];
GO

-- how doctor sees the company's functional currency
IF OBJECT_ID('[dbo].[MC40000]') IS NOT NULL GRANT SELECT ON [dbo].[MC40000] TO [gp365_reader];
GO

-- system database (DYNAMICS) ---------------------------------------------------------

IF DATABASE_PRINCIPAL_ID('gp365_reader') IS NULL EXEC ('CREATE ROLE [gp365_reader]');
GRANT SELECT ON [dbo].[MC40200] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY00800] TO [gp365_reader];
GRANT SELECT ON [dbo].[SY01500] TO [gp365_reader];
GRANT SELECT ON [dbo].[taErrorCode] TO [gp365_reader];
GO

-- how doctor sees the version of Dynamics GP
IF OBJECT_ID('[dbo].[DB_Upgrade]') IS NOT NULL GRANT SELECT ON [dbo].[DB_Upgrade] TO [gp365_reader];
GO

-- views, in the company database: optional, for people who want to see what gp365 reads ---

IF OBJECT_ID('[dbo].[gp365_customer]') IS NOT NULL DROP VIEW [dbo].[gp365_customer];
GO
CREATE VIEW [dbo].[gp365_customer] AS
SELECT 
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CUSTNAME] AS [CustomerName],
    [t].[CUSTCLAS] AS [CustomerClass],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[CNTCPRSN] AS [ContactPerson],
    [t].[STMTNAME] AS [StatementName],
    [t].[SHRTNAME] AS [ShortName],
    [t].[ADRSCODE] AS [AddressCode],
    [t].[UPSZONE] AS [UPSZone],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[COUNTRY] AS [Country],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIP] AS [Zip],
    [t].[PHONE1] AS [Phone1],
    [t].[PHONE2] AS [Phone2],
    [t].[PHONE3] AS [Phone3],
    [t].[FAX] AS [Fax],
    [t].[PRBTADCD] AS [PrimaryBilltoAddressCode],
    [t].[PRSTADCD] AS [PrimaryShiptoAddressCode],
    [t].[STADDRCD] AS [StatementAddressCode],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[CHEKBKID] AS [CheckbookID],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[CRLMTTYP] AS [CreditLimitType],
    [t].[CRLMTAMT] AS [CreditLimitAmount],
    [t].[CRLMTPER] AS [CreditLimitPeriod],
    [t].[CRLMTPAM] AS [CreditLimitPeriodAmount],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[RATETPID] AS [RateTypeID],
    [t].[CUSTDISC] AS [CustomerDiscount],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[MINPYTYP] AS [MinimumPaymentType],
    [t].[MINPYDLR] AS [MinimumPaymentDollar],
    [t].[MINPYPCT] AS [MinimumPaymentPercent],
    [t].[FNCHATYP] AS [FinanceChargeAmountType],
    [t].[FNCHPCNT] AS [FinanceChargePercent],
    [t].[FINCHDLR] AS [FinanceChargeDollar],
    [t].[MXWOFTYP] AS [MaximumWriteoffType],
    [t].[MXWROFAM] AS [MaximumWriteoffAmount],
    [t].[COMMENT1] AS [Comment1],
    [t].[COMMENT2] AS [Comment2],
    [t].[USERDEF1] AS [UserDefined1],
    [t].[USERDEF2] AS [UserDefined2],
    [t].[TAXEXMT1] AS [TaxExempt1],
    [t].[TAXEXMT2] AS [TaxExempt2],
    [t].[TXRGNNUM] AS [TaxRegistrationNumber],
    [t].[BALNCTYP] AS [BalanceType],
    [t].[STMTCYCL] AS [StatementCycle],
    [t].[BANKNAME] AS [BankName],
    [t].[BNKBRNCH] AS [BankBranch],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[DEFCACTY] AS [DefaultCashAccountType],
    [t].[RMCSHACC] AS [CashAccountIndex],
    [t].[RMARACC] AS [AccountsReceivableAccountIndex],
    [t].[RMSLSACC] AS [SalesAccountIndex],
    [t].[RMIVACC] AS [InventoryAccountIndex],
    [t].[RMCOSACC] AS [CostOfSalesAccountIndex],
    [t].[RMTAKACC] AS [TermsDiscountsTakenAccountIndex],
    [t].[RMAVACC] AS [TermsDiscountsAvailableAccountIndex],
    [t].[RMFCGACC] AS [FinanceChargesAccountIndex],
    [t].[RMWRACC] AS [WriteoffsAccountIndex],
    [t].[RMSORACC] AS [SalesOrderReturnsAccountIndex],
    [t].[FRSTINDT] AS [FirstInvoiceDate],
    [t].[INACTIVE] AS [Inactive],
    [t].[HOLD] AS [Hold],
    [t].[CRCARDID] AS [CreditCardID],
    [t].[CCRDXPDT] AS [CreditCardExpirationDate],
    [t].[KPDSTHST] AS [KeepDistributionHistory],
    [t].[KPCALHST] AS [KeepCalendarHistory],
    [t].[KPERHIST] AS [KeepPeriodHistory],
    [t].[KPTRXHST] AS [KeepTrxHistory],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate],
    [t].[Revalue_Customer] AS [RevalueCustomer],
    [t].[Post_Results_To] AS [PostResultsTo],
    [t].[FINCHID] AS [FinanceChargeID],
    [t].[GOVCRPID] AS [GovernmentalCorporateID],
    [t].[GOVINDID] AS [GovernmentalIndividualID],
    [t].[DISGRPER] AS [DiscountGracePeriod],
    [t].[DUEGRPER] AS [DueDateGracePeriod],
    [t].[DOCFMTID] AS [DocumentFormatID],
    [t].[Send_Email_Statements] AS [SendEmailStatements],
    [t].[USERLANG] AS [UserLanguageID],
    [t].[GPSFOINTEGRATIONID] AS [GPSFOIntegrationID],
    [t].[INTEGRATIONSOURCE] AS [IntegrationSource],
    [t].[INTEGRATIONID] AS [IntegrationID],
    [t].[ORDERFULFILLDEFAULT] AS [OrderFulfillmentShortageDefault],
    [t].[CUSTPRIORITY] AS [CustomerPriority],
    [t].[CCode] AS [CountryCode],
    [t].[DECLID] AS [DeclarantID],
    [t].[RMOvrpymtWrtoffAcctIdx] AS [OverpaymentWriteoffAccountIndex],
    [t].[SHIPCOMPLETE] AS [ShipCompleteDocument],
    [t].[CBVAT] AS [CashBasedVAT],
    [t].[INCLUDEINDP] AS [IncludeInDemandPlanning]
 FROM [dbo].[RM00101] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_customer] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_customer_address]') IS NOT NULL DROP VIEW [dbo].[gp365_customer_address];
GO
CREATE VIEW [dbo].[gp365_customer_address] AS
SELECT 
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[ADRSCODE] AS [AddressCode],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[UPSZONE] AS [UPSZone],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[CNTCPRSN] AS [ContactPerson],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[COUNTRY] AS [Country],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIP] AS [Zip],
    [t].[PHONE1] AS [Phone1],
    [t].[PHONE2] AS [Phone2],
    [t].[PHONE3] AS [Phone3],
    [t].[FAX] AS [Fax],
    [t].[MODIFDT] AS [ModifiedDate],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[GPSFOINTEGRATIONID] AS [GPSFOIntegrationID],
    [t].[INTEGRATIONSOURCE] AS [IntegrationSource],
    [t].[INTEGRATIONID] AS [IntegrationID],
    [t].[CCode] AS [CountryCode],
    [t].[DECLID] AS [DeclarantID],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[USERDEF1] AS [UserDefined1],
    [t].[USERDEF2] AS [UserDefined2],
    [t].[ShipToName] AS [ShipToName],
    [t].[Print_Phone_NumberGB] AS [PrintPhoneNumber]
 FROM [dbo].[RM00102] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_customer_address] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_customer_class]') IS NOT NULL DROP VIEW [dbo].[gp365_customer_class];
GO
CREATE VIEW [dbo].[gp365_customer_class] AS
SELECT 
    [t].[CLASSID] AS [ClassID],
    [t].[CLASDSCR] AS [ClassDescription],
    [t].[CRLMTTYP] AS [CreditLimitType],
    [t].[CRLMTAMT] AS [CreditLimitAmount],
    [t].[CRLMTPER] AS [CreditLimitPeriod],
    [t].[CRLMTPAM] AS [CreditLimitPeriodAmount],
    [t].[DEFLTCLS] AS [DefaultClass],
    [t].[BALNCTYP] AS [BalanceType],
    [t].[CHEKBKID] AS [CheckbookID],
    [t].[BANKNAME] AS [BankName],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[CUSTDISC] AS [CustomerDiscount],
    [t].[MINPYTYP] AS [MinimumPaymentType],
    [t].[MINPYDLR] AS [MinimumPaymentDollar],
    [t].[MINPYPCT] AS [MinimumPaymentPercent],
    [t].[MXWOFTYP] AS [MaximumWriteoffType],
    [t].[MXWROFAM] AS [MaximumWriteoffAmount],
    [t].[FINCHARG] AS [FinanceCharge],
    [t].[FNCHATYP] AS [FinanceChargeAmountType],
    [t].[FINCHDLR] AS [FinanceChargeDollar],
    [t].[FNCHPCNT] AS [FinanceChargePercent],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[RATETPID] AS [RateTypeID],
    [t].[DEFCACTY] AS [DefaultCashAccountType],
    [t].[RMCSHACC] AS [CashAccountIndex],
    [t].[RMARACC] AS [AccountsReceivableAccountIndex],
    [t].[RMCOSACC] AS [CostOfSalesAccountIndex],
    [t].[RMIVACC] AS [InventoryAccountIndex],
    [t].[RMSLSACC] AS [SalesAccountIndex],
    [t].[RMAVACC] AS [TermsDiscountsAvailableAccountIndex],
    [t].[RMTAKACC] AS [TermsDiscountsTakenAccountIndex],
    [t].[RMFCGACC] AS [FinanceChargesAccountIndex],
    [t].[RMWRACC] AS [WriteoffsAccountIndex],
    [t].[RMSORACC] AS [SalesOrderReturnsAccountIndex],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[STMTCYCL] AS [StatementCycle],
    [t].[SNDSTMNT] AS [SendStatement],
    [t].[INACTIVE] AS [Inactive],
    [t].[KPCALHST] AS [KeepCalendarHistory],
    [t].[KPDSTHST] AS [KeepDistributionHistory],
    [t].[KPERHIST] AS [KeepPeriodHistory],
    [t].[KPTRXHST] AS [KeepTrxHistory],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[MODIFDT] AS [ModifiedDate],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[Revalue_Customer] AS [RevalueCustomer],
    [t].[Post_Results_To] AS [PostResultsTo],
    [t].[DISGRPER] AS [DiscountGracePeriod],
    [t].[DUEGRPER] AS [DueDateGracePeriod],
    [t].[ORDERFULFILLDEFAULT] AS [OrderFulfillmentShortageDefault],
    [t].[CUSTPRIORITY] AS [CustomerPriority],
    [t].[RMOvrpymtWrtoffAcctIdx] AS [OverpaymentWriteoffAccountIndex],
    [t].[CBVAT] AS [CashBasedVAT],
    [t].[INCLUDEINDP] AS [IncludeInDemandPlanning]
 FROM [dbo].[RM00201] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_customer_class] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_payment_terms]') IS NOT NULL DROP VIEW [dbo].[gp365_payment_terms];
GO
CREATE VIEW [dbo].[gp365_payment_terms] AS
SELECT 
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[DUETYPE] AS [DueType],
    [t].[DUEDTDS] AS [DueDateDays],
    [t].[DISCTYPE] AS [DiscountType],
    [t].[DISCDTDS] AS [DiscountDateDays],
    [t].[DSCLCTYP] AS [DiscountCalculationType],
    [t].[DSCDLRAM] AS [DiscountDollarAmount],
    [t].[DSCPCTAM] AS [DiscountPercentAmount],
    [t].[SALPURCH] AS [SalePurchase],
    [t].[DISCNTCB] AS [Discount],
    [t].[FREIGHT] AS [Freight],
    [t].[MISC] AS [Miscellaneous],
    [t].[TAX] AS [Tax],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CBUVATMD] AS [CBUseVATMode],
    [t].[LSTUSRED] AS [LastUserToEdit],
    [t].[MODIFDT] AS [ModifiedDate],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[USEGRPER] AS [UseGracePeriods],
    [t].[CalculateDateFrom] AS [CalculateDateFrom],
    [t].[CalculateDateFromDays] AS [CalculateDateFromDays],
    [t].[DueMonth] AS [DueMonth],
    [t].[DiscountMonth] AS [DiscountMonth]
 FROM [dbo].[SY03300] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_payment_terms] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_internet_address]') IS NOT NULL DROP VIEW [dbo].[gp365_internet_address];
GO
CREATE VIEW [dbo].[gp365_internet_address] AS
SELECT 
    [t].[Master_Type] AS [MasterType],
    [t].[Master_ID] AS [MasterID],
    [t].[ADRSCODE] AS [AddressCode],
    [t].[INET1] AS [Internet1],
    [t].[INET2] AS [Internet2],
    [t].[INET3] AS [Internet3],
    [t].[INET4] AS [Internet4],
    [t].[INET5] AS [Internet5],
    [t].[INET6] AS [Internet6],
    [t].[INET7] AS [Internet7],
    [t].[INET8] AS [Internet8],
    [t].[Messenger_Address] AS [MessengerAddress],
    [t].[EmailToAddress] AS [EmailTo],
    [t].[EmailCcAddress] AS [EmailCc],
    [t].[EmailBccAddress] AS [EmailBcc]
 FROM [dbo].[SY01200] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_internet_address] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_salesperson]') IS NOT NULL DROP VIEW [dbo].[gp365_salesperson];
GO
CREATE VIEW [dbo].[gp365_salesperson] AS
SELECT 
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[EMPLOYID] AS [EmployeeID],
    [t].[VENDORID] AS [VendorID],
    [t].[SLPRSNFN] AS [FirstName],
    [t].[SPRSNSMN] AS [MiddleName],
    [t].[SPRSNSLN] AS [LastName],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIP] AS [Zip],
    [t].[COUNTRY] AS [Country],
    [t].[PHONE1] AS [Phone1],
    [t].[PHONE2] AS [Phone2],
    [t].[PHONE3] AS [Phone3],
    [t].[FAX] AS [Fax],
    [t].[INACTIVE] AS [Inactive],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[COMMCODE] AS [CommissionCode],
    [t].[COMPRCNT] AS [CommissionPercent],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[RM00301] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_salesperson] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_territory]') IS NOT NULL DROP VIEW [dbo].[gp365_territory];
GO
CREATE VIEW [dbo].[gp365_territory] AS
SELECT 
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[SLTERDSC] AS [Description],
    [t].[INACTIVE] AS [Inactive],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[STMGRFNM] AS [ManagerFirstName],
    [t].[STMGRMNM] AS [ManagerMiddleName],
    [t].[STMGRLNM] AS [ManagerLastName],
    [t].[COUNTRY] AS [Country],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[RM00303] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_territory] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_shipping_method]') IS NOT NULL DROP VIEW [dbo].[gp365_shipping_method];
GO
CREATE VIEW [dbo].[gp365_shipping_method] AS
SELECT 
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[SHMTHDSC] AS [Description],
    [t].[PHONNAME] AS [Phone],
    [t].[CONTACT] AS [Contact],
    [t].[CARRACCT] AS [CarrierAccount],
    [t].[CARRIER] AS [Carrier],
    [t].[SHIPTYPE] AS [ShippingType],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[LSTUSRED] AS [LastUserToEdit],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[SY03000] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_shipping_method] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_receivables_summary]') IS NOT NULL DROP VIEW [dbo].[gp365_receivables_summary];
GO
CREATE VIEW [dbo].[gp365_receivables_summary] AS
SELECT 
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CUSTBLNC] AS [Balance],
    [t].[AGPERAMT_1] AS [AgingPeriod1],
    [t].[AGPERAMT_2] AS [AgingPeriod2],
    [t].[AGPERAMT_3] AS [AgingPeriod3],
    [t].[AGPERAMT_4] AS [AgingPeriod4],
    [t].[AGPERAMT_5] AS [AgingPeriod5],
    [t].[AGPERAMT_6] AS [AgingPeriod6],
    [t].[AGPERAMT_7] AS [AgingPeriod7],
    [t].[LASTAGED] AS [LastAgedDate],
    [t].[FRSTINDT] AS [FirstInvoiceDate],
    [t].[LPYMTAMT] AS [LastPaymentAmount],
    [t].[LASTPYDT] AS [LastPaymentDate],
    [t].[LSTTRXAM] AS [LastTransactionAmount],
    [t].[LSTTRXDT] AS [LastTransactionDate],
    [t].[LSTSTAMT] AS [LastStatementAmount],
    [t].[LASTSTDT] AS [LastStatementDate],
    [t].[UNPSTDSA] AS [UnpostedSales],
    [t].[UNPSTDCA] AS [UnpostedCash],
    [t].[UNPSTOSA] AS [UnpostedOtherSales],
    [t].[UNPSTOCA] AS [UnpostedOtherCash],
    [t].[ONORDAMT] AS [OnOrder],
    [t].[DEPRECV] AS [DepositsReceived],
    [t].[TTLSLYTD] AS [SalesYearToDate],
    [t].[TTLSLLYR] AS [SalesLastYear],
    [t].[TTLSLLTD] AS [SalesLifeToDate],
    [t].[TCSHRYTD] AS [CashYearToDate],
    [t].[TCSHRLYR] AS [CashLastYear],
    [t].[TCSHRLTD] AS [CashLifeToDate],
    [t].[HIBALYTD] AS [HighBalanceYearToDate],
    [t].[HIBALLYR] AS [HighBalanceLastYear],
    [t].[HIBALLTD] AS [HighBalanceLifeToDate],
    [t].[AVDTPLYR] AS [AverageDaysToPayYear],
    [t].[AVDTPLIF] AS [AverageDaysToPayLife],
    [t].[RETAINAG] AS [Retainage]
 FROM [dbo].[RM00103] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_receivables_summary] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_customer_figures]') IS NOT NULL DROP VIEW [dbo].[gp365_customer_figures];
GO
CREATE VIEW [dbo].[gp365_customer_figures] AS
SELECT 
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CRLMTTYP] AS [CreditLimitType],
    [t].[CRLMTAMT] AS [CreditLimitAmount],
    [s].[CUSTBLNC] AS [Balance],
    [s].[AGPERAMT_1] AS [AgingPeriod1],
    [s].[AGPERAMT_2] AS [AgingPeriod2],
    [s].[AGPERAMT_3] AS [AgingPeriod3],
    [s].[AGPERAMT_4] AS [AgingPeriod4],
    [s].[AGPERAMT_5] AS [AgingPeriod5],
    [s].[AGPERAMT_6] AS [AgingPeriod6],
    [s].[AGPERAMT_7] AS [AgingPeriod7],
    [p1].[RMPERDSC] AS [AgingLabel1],
    [p2].[RMPERDSC] AS [AgingLabel2],
    [p3].[RMPERDSC] AS [AgingLabel3],
    [p4].[RMPERDSC] AS [AgingLabel4],
    [p5].[RMPERDSC] AS [AgingLabel5],
    [p6].[RMPERDSC] AS [AgingLabel6],
    [p7].[RMPERDSC] AS [AgingLabel7],
    [s].[LASTAGED] AS [LastAgedDate],
    [s].[UNPSTDSA] AS [UnpostedSales],
    [s].[UNPSTOSA] AS [UnpostedOtherSales],
    [s].[UNPSTDCA] AS [UnpostedCash],
    [s].[UNPSTOCA] AS [UnpostedOtherCash],
    [s].[ONORDAMT] AS [OnOrder],
    [s].[DEPRECV] AS [DepositsReceived],
    [s].[LPYMTAMT] AS [LastPaymentAmount],
    [s].[LASTPYDT] AS [LastPaymentDate],
    [s].[TTLSLYTD] AS [SalesYearToDate],
    [s].[TTLSLLYR] AS [SalesLastYear],
    [s].[AVDTPLYR] AS [AverageDaysToPayYear],
    [s].[AVDTPLIF] AS [AverageDaysToPayLife],
    [c].[LSTYECAL] AS [CalendarYearClosed],
    [c].[LSTYEFSC] AS [FiscalYearClosed],
    [t].[RMARACC] AS [ReceivablesAccountIndex],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate]
 FROM [dbo].[RM00101] AS [t] LEFT JOIN [dbo].[RM00103] AS [s] ON [s].[CUSTNMBR] = [t].[CUSTNMBR] LEFT JOIN [dbo].[RM40101] AS [c] ON [c].[SETUPKEY] = 1 LEFT JOIN [dbo].[RM40201] AS [p1] ON [p1].[INDEX1] = 1 LEFT JOIN [dbo].[RM40201] AS [p2] ON [p2].[INDEX1] = 2 LEFT JOIN [dbo].[RM40201] AS [p3] ON [p3].[INDEX1] = 3 LEFT JOIN [dbo].[RM40201] AS [p4] ON [p4].[INDEX1] = 4 LEFT JOIN [dbo].[RM40201] AS [p5] ON [p5].[INDEX1] = 5 LEFT JOIN [dbo].[RM40201] AS [p6] ON [p6].[INDEX1] = 6 LEFT JOIN [dbo].[RM40201] AS [p7] ON [p7].[INDEX1] = 7;
GO
GRANT SELECT ON [dbo].[gp365_customer_figures] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_receivables_document]') IS NOT NULL DROP VIEW [dbo].[gp365_receivables_document];
GO
CREATE VIEW [dbo].[gp365_receivables_document] AS
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    CAST(NULL AS varchar(15)) AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    CAST(NULL AS varchar(13)) AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[POSTEDDT] AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[DOCDESCR] AS [Description],
    [t].[CSTPONBR] AS [CustomerPONumber],
    [t].[DOCAMNT] AS [OriginalAmount],
    [t].[ACCTAMNT] AS [CurrentAmount],
    [t].[SLSAMNT] AS [SalesAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[MISCAMNT] AS [MiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[DISCDATE] AS [DiscountDate],
    CAST(NULL AS int) AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[CURNCYID] AS [CurrencyID],
    CAST(NULL AS int) AS [VoidStatus],
    CAST(NULL AS datetime) AS [VoidDate],
    CAST(NULL AS datetime) AS [PaidOffDate],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[ADRSCODE] AS [AddressCode],
    'Work' AS [TransactionState]
 FROM [dbo].[RM10301] AS [t]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    CAST(NULL AS varchar(15)) AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    CAST(NULL AS varchar(13)) AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    CAST(NULL AS datetime) AS [DueDate],
    CAST(NULL AS datetime) AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[TRXDSCRN] AS [Description],
    CAST(NULL AS varchar(21)) AS [CustomerPONumber],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    CAST(NULL AS numeric(19,5)) AS [SalesAmount],
    CAST(NULL AS numeric(19,5)) AS [FreightAmount],
    CAST(NULL AS numeric(19,5)) AS [MiscellaneousAmount],
    CAST(NULL AS numeric(19,5)) AS [TaxAmount],
    CAST(NULL AS numeric(19,5)) AS [TradeDiscountAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    CAST(NULL AS datetime) AS [DiscountDate],
    [t].[CSHRCTYP] AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    CAST(NULL AS varchar(15)) AS [SalespersonID],
    CAST(NULL AS varchar(15)) AS [SalesTerritory],
    CAST(NULL AS varchar(21)) AS [PaymentTermsID],
    CAST(NULL AS varchar(15)) AS [ShippingMethod],
    CAST(NULL AS varchar(15)) AS [TaxScheduleID],
    [t].[CURNCYID] AS [CurrencyID],
    CAST(NULL AS int) AS [VoidStatus],
    CAST(NULL AS datetime) AS [VoidDate],
    CAST(NULL AS datetime) AS [PaidOffDate],
    [t].[NOTEINDX] AS [NoteIndex],
    CAST(NULL AS varchar(15)) AS [AddressCode],
    'Work' AS [TransactionState]
 FROM [dbo].[RM10201] AS [t]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    [t].[TRXSORCE] AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[POSTDATE] AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[TRXDSCRN] AS [Description],
    [t].[CSPORNBR] AS [CustomerPONumber],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[SLSAMNT] AS [SalesAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[MISCAMNT] AS [MiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[CSHRCTYP] AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SLSTERCD] AS [SalesTerritory],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[DINVPDOF] AS [PaidOffDate],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[ADRSCODE] AS [AddressCode],
    'Open' AS [TransactionState]
 FROM [dbo].[RM20101] AS [t]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    [t].[TRXSORCE] AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[POSTDATE] AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[TRXDSCRN] AS [Description],
    [t].[CSPORNBR] AS [CustomerPONumber],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[SLSAMNT] AS [SalesAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[MISCAMNT] AS [MiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[CSHRCTYP] AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SLSTERCD] AS [SalesTerritory],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[DINVPDOF] AS [PaidOffDate],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[ADRSCODE] AS [AddressCode],
    'History' AS [TransactionState]
 FROM [dbo].[RM30101] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_receivables_document] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_receivable]') IS NOT NULL DROP VIEW [dbo].[gp365_receivable];
GO
CREATE VIEW [dbo].[gp365_receivable] AS
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[TRXDSCRN] AS [Description],
    [t].[CSPORNBR] AS [CustomerPONumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[CURNCYID] AS [CurrencyID],
    COALESCE([m].[ORORGTRX], [t].[ORTRXAMT]) AS [OriginatingAmount],
    COALESCE([m].[ORCTRXAM], [t].[CURTRXAM]) AS [OriginatingCurrentAmount],
    [t].[VOIDSTTS] AS [Voided],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[DINVPDOF] AS [PaidOffDate],
    CAST(1 AS bit) AS [Posted],
    CAST(0 AS bit) AS [Removed]
 FROM [dbo].[RM20101] AS [t] LEFT JOIN [dbo].[MC020102] AS [m] ON [m].[RMDTYPAL] = [t].[RMDTYPAL] AND [m].[DOCNUMBR] = [t].[DOCNUMBR]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[TRXDSCRN] AS [Description],
    [t].[CSPORNBR] AS [CustomerPONumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[CURNCYID] AS [CurrencyID],
    COALESCE([m].[ORORGTRX], [t].[ORTRXAMT]) AS [OriginatingAmount],
    COALESCE([m].[ORCTRXAM], [t].[CURTRXAM]) AS [OriginatingCurrentAmount],
    [t].[VOIDSTTS] AS [Voided],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[DINVPDOF] AS [PaidOffDate],
    CAST(1 AS bit) AS [Posted],
    CAST(0 AS bit) AS [Removed]
 FROM [dbo].[RM30101] AS [t] LEFT JOIN [dbo].[MC020102] AS [m] ON [m].[RMDTYPAL] = [t].[RMDTYPAL] AND [m].[DOCNUMBR] = [t].[DOCNUMBR]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    CAST(NULL AS varchar(15)) AS [CorporateCustomerNumber],
    [t].[DOCDESCR] AS [Description],
    [t].[CSTPONBR] AS [CustomerPONumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[DOCAMNT] AS [OriginalAmount],
    [t].[ACCTAMNT] AS [CurrentAmount],
    [t].[CURNCYID] AS [CurrencyID],
    COALESCE([m].[ORORGTRX], [t].[DOCAMNT]) AS [OriginatingAmount],
    COALESCE([m].[ORCTRXAM], [t].[ACCTAMNT]) AS [OriginatingCurrentAmount],
    CAST(NULL AS int) AS [Voided],
    CAST(NULL AS datetime) AS [VoidDate],
    CAST(NULL AS datetime) AS [PaidOffDate],
    CAST(0 AS bit) AS [Posted],
    CAST(0 AS bit) AS [Voided],
    CAST(0 AS bit) AS [Removed]
 FROM [dbo].[RM10301] AS [t] LEFT JOIN [dbo].[MC020102] AS [m] ON [m].[RMDTYPAL] = [t].[RMDTYPAL] AND [m].[DOCNUMBR] = [t].[DOCNUMBR]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    CAST(NULL AS varchar(15)) AS [CorporateCustomerNumber],
    [t].[TRXDSCRN] AS [Description],
    CAST(NULL AS varchar(21)) AS [CustomerPONumber],
    [t].[DOCDATE] AS [DocumentDate],
    CAST(NULL AS datetime) AS [DueDate],
    CAST(NULL AS datetime) AS [DiscountDate],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[CURNCYID] AS [CurrencyID],
    COALESCE([m].[ORORGTRX], [t].[ORTRXAMT]) AS [OriginatingAmount],
    COALESCE([m].[ORCTRXAM], [t].[CURTRXAM]) AS [OriginatingCurrentAmount],
    CAST(NULL AS int) AS [Voided],
    CAST(NULL AS datetime) AS [VoidDate],
    CAST(NULL AS datetime) AS [PaidOffDate],
    CAST(0 AS bit) AS [Posted],
    CAST(0 AS bit) AS [Voided],
    CAST(0 AS bit) AS [Removed]
 FROM [dbo].[RM10201] AS [t] LEFT JOIN [dbo].[MC020102] AS [m] ON [m].[RMDTYPAL] = [t].[RMDTYPAL] AND [m].[DOCNUMBR] = [t].[DOCNUMBR];
GO
GRANT SELECT ON [dbo].[gp365_receivable] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_cash_receipt]') IS NOT NULL DROP VIEW [dbo].[gp365_cash_receipt];
GO
CREATE VIEW [dbo].[gp365_cash_receipt] AS
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    CAST(NULL AS varchar(15)) AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    CAST(NULL AS varchar(13)) AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    CAST(NULL AS datetime) AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[TRXDSCRN] AS [Description],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[CSHRCTYP] AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[CURNCYID] AS [CurrencyID],
    CAST(NULL AS int) AS [VoidStatus],
    CAST(NULL AS datetime) AS [VoidDate],
    [t].[NOTEINDX] AS [NoteIndex],
    'Work' AS [TransactionState]
 FROM [dbo].[RM10201] AS [t] WHERE [t].[RMDTYPAL] = 9
UNION ALL
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    [t].[TRXSORCE] AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[POSTDATE] AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[TRXDSCRN] AS [Description],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[CSHRCTYP] AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[NOTEINDX] AS [NoteIndex],
    'Open' AS [TransactionState]
 FROM [dbo].[RM20101] AS [t] WHERE [t].[RMDTYPAL] = 9
UNION ALL
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[BCHSOURC] AS [BatchSource],
    [t].[TRXSORCE] AS [TransactionSource],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[POSTDATE] AS [PostedDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[TRXDSCRN] AS [Description],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[CSHRCTYP] AS [CashReceiptType],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[NOTEINDX] AS [NoteIndex],
    'History' AS [TransactionState]
 FROM [dbo].[RM30101] AS [t] WHERE [t].[RMDTYPAL] = 9;
GO
GRANT SELECT ON [dbo].[gp365_cash_receipt] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_payment]') IS NOT NULL DROP VIEW [dbo].[gp365_payment];
GO
CREATE VIEW [dbo].[gp365_payment] AS
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[NOTEINDX] AS [NoteIndex]
 FROM [dbo].[RM20101] AS [t] WHERE [t].[RMDTYPAL] = 9
UNION ALL
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[ORTRXAMT] AS [OriginalAmount],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[VOIDDATE] AS [VoidDate],
    [t].[NOTEINDX] AS [NoteIndex]
 FROM [dbo].[RM30101] AS [t] WHERE [t].[RMDTYPAL] = 9;
GO
GRANT SELECT ON [dbo].[gp365_payment] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_apply]') IS NOT NULL DROP VIEW [dbo].[gp365_apply];
GO
CREATE VIEW [dbo].[gp365_apply] AS
SELECT 
    [t].[APFRDCTY] AS [FromType],
    [t].[APFRDCNM] AS [FromNumber],
    [t].[APTODCTY] AS [ToType],
    [t].[APTODCNM] AS [ToNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[DATE1] AS [ApplyDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[POSTED] AS [Posted],
    [t].[APFRDCDT] AS [FromDate],
    [t].[APTODCDT] AS [ToDate],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[APPTOAMT] AS [AppliedAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[DISAVTKN] AS [DiscountAvailableTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[ORAPTOAM] AS [OriginatingAppliedAmount],
    [t].[APFRMAPLYAMT] AS [FromAppliedAmount],
    [t].[FROMCURR] AS [FromCurrencyID],
    [t].[RLGANLOS] AS [RealizedGainLoss],
    'Open' AS [TransactionState]
 FROM [dbo].[RM20201] AS [t]
UNION ALL
SELECT 
    [t].[APFRDCTY] AS [FromType],
    [t].[APFRDCNM] AS [FromNumber],
    [t].[APTODCTY] AS [ToType],
    [t].[APTODCNM] AS [ToNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CPRCSTNM] AS [CorporateCustomerNumber],
    [t].[DATE1] AS [ApplyDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[POSTED] AS [Posted],
    [t].[APFRDCDT] AS [FromDate],
    [t].[APTODCDT] AS [ToDate],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[APPTOAMT] AS [AppliedAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[DISAVTKN] AS [DiscountAvailableTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[ORAPTOAM] AS [OriginatingAppliedAmount],
    [t].[APFRMAPLYAMT] AS [FromAppliedAmount],
    [t].[FROMCURR] AS [FromCurrencyID],
    [t].[RLGANLOS] AS [RealizedGainLoss],
    'History' AS [TransactionState]
 FROM [dbo].[RM30201] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_apply] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_application]') IS NOT NULL DROP VIEW [dbo].[gp365_application];
GO
CREATE VIEW [dbo].[gp365_application] AS
SELECT 
    [t].[APFRDCTY] AS [FromType],
    [t].[APFRDCNM] AS [FromNumber],
    [t].[APTODCTY] AS [ToType],
    [t].[APTODCNM] AS [ToNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[DATE1] AS [ApplyDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[APPTOAMT] AS [AppliedAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[ORAPTOAM] AS [OriginatingAppliedAmount],
    [t].[ORDISTKN] AS [OriginatingDiscountTaken],
    [t].[ORWROFAM] AS [OriginatingWriteoffAmount],
    [t].[RLGANLOS] AS [RealizedGainLoss]
 FROM [dbo].[RM20201] AS [t] WHERE [t].[POSTED] = 1
UNION ALL
SELECT 
    [t].[APFRDCTY] AS [FromType],
    [t].[APFRDCNM] AS [FromNumber],
    [t].[APTODCTY] AS [ToType],
    [t].[APTODCNM] AS [ToNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[DATE1] AS [ApplyDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[APPTOAMT] AS [AppliedAmount],
    [t].[DISTKNAM] AS [DiscountTaken],
    [t].[WROFAMNT] AS [WriteoffAmount],
    [t].[ORAPTOAM] AS [OriginatingAppliedAmount],
    [t].[ORDISTKN] AS [OriginatingDiscountTaken],
    [t].[ORWROFAM] AS [OriginatingWriteoffAmount],
    [t].[RLGANLOS] AS [RealizedGainLoss]
 FROM [dbo].[RM30201] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_application] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_gl_account]') IS NOT NULL DROP VIEW [dbo].[gp365_gl_account];
GO
CREATE VIEW [dbo].[gp365_gl_account] AS
SELECT 
    [t].[ACTINDX] AS [AccountIndex],
    [g].[ACTNUMST] AS [AccountNumber],
    [t].[ACTALIAS] AS [Alias],
    [t].[MNACSGMT] AS [MainSegment],
    [t].[ACCTTYPE] AS [AccountType],
    [t].[ACTDESCR] AS [Description],
    [t].[PSTNGTYP] AS [PostingType],
    [t].[ACCATNUM] AS [CategoryNumber],
    [c].[ACCATDSC] AS [Category],
    [t].[ACTIVE] AS [Active],
    [t].[TPCLBLNC] AS [TypicalBalance],
    [t].[DECPLACS] AS [Decimals],
    [t].[FXDORVAR] AS [FixedOrVariable],
    [t].[USERDEF1] AS [UserDefined1],
    [t].[USERDEF2] AS [UserDefined2],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[GL00100] AS [t] LEFT JOIN [dbo].[GL00105] AS [g] ON [g].[ACTINDX] = [t].[ACTINDX] LEFT JOIN [dbo].[GL00102] AS [c] ON [c].[ACCATNUM] = [t].[ACCATNUM];
GO
GRANT SELECT ON [dbo].[gp365_gl_account] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_gl_balance]') IS NOT NULL DROP VIEW [dbo].[gp365_gl_balance];
GO
CREATE VIEW [dbo].[gp365_gl_balance] AS
SELECT 
    [t].[ACTINDX] AS [AccountIndex],
    [t].[Ledger_ID] AS [LedgerID],
    [t].[YEAR1] AS [Year],
    [t].[PERIODID] AS [PeriodID],
    [g].[ACTNUMST] AS [AccountNumber],
    [a].[ACCTTYPE] AS [AccountType],
    [t].[ACCATNUM] AS [CategoryNumber],
    [t].[PERDBLNC] AS [NetChange],
    [t].[DEBITAMT] AS [Debit],
    [t].[CRDTAMNT] AS [Credit],
    [t].[PERDBLNC] AS [UnitsChange],
    'Open' AS [TransactionState]
 FROM [dbo].[GL10110] AS [t] LEFT JOIN [dbo].[GL00105] AS [g] ON [g].[ACTINDX] = [t].[ACTINDX] LEFT JOIN [dbo].[GL00100] AS [a] ON [a].[ACTINDX] = [t].[ACTINDX] LEFT JOIN [dbo].[SY40101] AS [y] ON [y].[YEAR1] = [t].[YEAR1]
UNION ALL
SELECT 
    [t].[ACTINDX] AS [AccountIndex],
    [t].[Ledger_ID] AS [LedgerID],
    [t].[YEAR1] AS [Year],
    [t].[PERIODID] AS [PeriodID],
    [g].[ACTNUMST] AS [AccountNumber],
    [a].[ACCTTYPE] AS [AccountType],
    [t].[ACCATNUM] AS [CategoryNumber],
    [t].[PERDBLNC] AS [NetChange],
    [t].[DEBITAMT] AS [Debit],
    [t].[CRDTAMNT] AS [Credit],
    [t].[PERDBLNC] AS [UnitsChange],
    'History' AS [TransactionState]
 FROM [dbo].[GL10111] AS [t] LEFT JOIN [dbo].[GL00105] AS [g] ON [g].[ACTINDX] = [t].[ACTINDX] LEFT JOIN [dbo].[GL00100] AS [a] ON [a].[ACTINDX] = [t].[ACTINDX] LEFT JOIN [dbo].[SY40101] AS [y] ON [y].[YEAR1] = [t].[YEAR1];
GO
GRANT SELECT ON [dbo].[gp365_gl_balance] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_posting_account]') IS NOT NULL DROP VIEW [dbo].[gp365_posting_account];
GO
CREATE VIEW [dbo].[gp365_posting_account] AS
SELECT 
    [t].[SERIES] AS [Series],
    [t].[SEQNUMBR] AS [SequenceNumber],
    [t].[ACTINDX] AS [AccountIndex],
    [t].[PTGACDSC] AS [Description]
 FROM [dbo].[SY01100] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_posting_account] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_fiscal_period]') IS NOT NULL DROP VIEW [dbo].[gp365_fiscal_period];
GO
CREATE VIEW [dbo].[gp365_fiscal_period] AS
SELECT 
    [t].[YEAR1] AS [Year],
    [t].[PERIODID] AS [PeriodID],
    [t].[SERIES] AS [Series],
    [t].[FORIGIN] AS [Origin],
    [t].[ODESCTN] AS [OriginDescription],
    [t].[PERNAME] AS [Name],
    [t].[PERIODDT] AS [FirstDay],
    [t].[PERDENDT] AS [LastDay],
    [t].[CLOSED] AS [Closed],
    [t].[PSERIES_1] AS [ClosedSeries1],
    [t].[PSERIES_2] AS [ClosedSeries2],
    [t].[PSERIES_3] AS [ClosedSeries3],
    [t].[PSERIES_4] AS [ClosedSeries4],
    [t].[PSERIES_5] AS [ClosedSeries5],
    [t].[PSERIES_6] AS [ClosedSeries6],
    [y].[HISTORYR] AS [HistoryYear]
 FROM [dbo].[SY40100] AS [t] LEFT JOIN [dbo].[SY40101] AS [y] ON [y].[YEAR1] = [t].[YEAR1];
GO
GRANT SELECT ON [dbo].[gp365_fiscal_period] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_batch]') IS NOT NULL DROP VIEW [dbo].[gp365_batch];
GO
CREATE VIEW [dbo].[gp365_batch] AS
SELECT 
    [t].[BCHSOURC] AS [BatchSource],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[SERIES] AS [Series],
    [t].[MKDTOPST] AS [MarkedToPost],
    [t].[BCHSTTUS] AS [Status],
    [t].[NUMOFTRX] AS [Transactions],
    [t].[BCHTOTAL] AS [Total],
    [t].[CNTRLTRX] AS [ControlTransactions],
    [t].[CNTRLTOT] AS [ControlTotal],
    [t].[BCHCOMNT] AS [Comment],
    [t].[BACHFREQ] AS [Frequency],
    [t].[GLPOSTDT] AS [PostingDate],
    [t].[USERID] AS [UserID],
    [t].[CHEKBKID] AS [CheckbookID],
    [t].[APPROVL] AS [Approved],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[SY00500] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_batch] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_note]') IS NOT NULL DROP VIEW [dbo].[gp365_note];
GO
CREATE VIEW [dbo].[gp365_note] AS
SELECT 
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[DATE1] AS [Date],
    [t].[TXTFIELD] AS [Text]
 FROM [dbo].[SY03900] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_note] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_item]') IS NOT NULL DROP VIEW [dbo].[gp365_item];
GO
CREATE VIEW [dbo].[gp365_item] AS
SELECT 
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[ITEMDESC] AS [Description],
    [t].[ITMSHNAM] AS [ShortName],
    [t].[ITMGEDSC] AS [GenericDescription],
    [t].[ITEMTYPE] AS [ItemType],
    [t].[ITMCLSCD] AS [ItemClass],
    [t].[STNDCOST] AS [StandardCost],
    [t].[CURRCOST] AS [CurrentCost],
    [t].[DECPLQTY] AS [QuantityDecimals],
    [t].[DECPLCUR] AS [CurrencyDecimals],
    [t].[UOMSCHDL] AS [UofMSchedule],
    [t].[SELNGUOM] AS [DefaultSellingUofM],
    [t].[PRCHSUOM] AS [DefaultPurchasingUofM],
    [t].[PRCLEVEL] AS [DefaultPriceLevel],
    [t].[LOCNCODE] AS [DefaultLocationCode],
    [t].[PRICMTHD] AS [PriceMethod],
    [t].[PriceGroup] AS [PriceGroup],
    [t].[TAXOPTNS] AS [TaxOption],
    [t].[ITMTSHID] AS [TaxScheduleID],
    [t].[ITEMSHWT] AS [ShippingWeight],
    [t].[ITMTRKOP] AS [TrackingOption],
    [t].[ALWBKORD] AS [AllowBackOrders],
    [t].[INACTIVE] AS [Inactive],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[IV00101] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_item] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_item_quantity]') IS NOT NULL DROP VIEW [dbo].[gp365_item_quantity];
GO
CREATE VIEW [dbo].[gp365_item_quantity] AS
SELECT 
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[RCRDTYPE] AS [RecordType],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[QTYONHND] AS [OnHand],
    [t].[ATYALLOC] AS [Allocated],
    [t].[QTYONORD] AS [OnOrder],
    [t].[QTYBKORD] AS [BackOrdered],
    [t].[QTYRQSTN] AS [Requisitioned],
    [t].[QTY_Drop_Shipped] AS [DropShipped],
    [t].[QTYINUSE] AS [InUse],
    [t].[QTYINSVC] AS [InService],
    [t].[QTYRTRND] AS [Returned],
    [t].[QTYDMGED] AS [Damaged],
    [t].[QTYCOMTD] AS [Committed],
    [t].[QTYSOLD] AS [Sold],
    [t].[INACTIVE] AS [Inactive]
 FROM [dbo].[IV00102] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_item_quantity] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_price_list]') IS NOT NULL DROP VIEW [dbo].[gp365_price_list];
GO
CREATE VIEW [dbo].[gp365_price_list] AS
SELECT 
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[UOFM] AS [UofM],
    [t].[TOQTY] AS [ToQuantity],
    [t].[FROMQTY] AS [FromQuantity],
    [t].[UOMPRICE] AS [Price],
    [t].[QTYBSUOM] AS [BaseQuantity],
    [o].[RNDGAMNT] AS [RoundAmount],
    [o].[ROUNDHOW] AS [RoundHow],
    [o].[ROUNDTO] AS [RoundTo]
 FROM [dbo].[IV00108] AS [t] LEFT JOIN [dbo].[IV00107] AS [o] ON [o].[ITEMNMBR] = [t].[ITEMNMBR] AND [o].[CURNCYID] = [t].[CURNCYID] AND [o].[PRCLEVEL] = [t].[PRCLEVEL] AND [o].[UOFM] = [t].[UOFM];
GO
GRANT SELECT ON [dbo].[gp365_price_list] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_vendor]') IS NOT NULL DROP VIEW [dbo].[gp365_vendor];
GO
CREATE VIEW [dbo].[gp365_vendor] AS
SELECT 
    [t].[VENDORID] AS [VendorID],
    [t].[VENDNAME] AS [VendorName],
    [t].[VNDCHKNM] AS [CheckName],
    [t].[VENDSHNM] AS [ShortName],
    [t].[VNDCLSID] AS [VendorClass],
    [t].[VENDSTTS] AS [VendorStatus],
    [t].[VNDCNTCT] AS [ContactPerson],
    [t].[VADDCDPR] AS [AddressCode],
    [t].[VADCDPAD] AS [PurchaseAddressCode],
    [t].[VADCDSFR] AS [ShipFromAddressCode],
    [t].[VADCDTRO] AS [RemitToAddressCode],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIPCODE] AS [Zip],
    [t].[COUNTRY] AS [Country],
    [t].[CCode] AS [CountryCode],
    [t].[PHNUMBR1] AS [Phone1],
    [t].[PHNUMBR2] AS [Phone2],
    [t].[PHONE3] AS [Phone3],
    [t].[FAXNUMBR] AS [Fax],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[TXRGNNUM] AS [TaxRegistrationNumber],
    [t].[COMMENT1] AS [Comment1],
    [t].[COMMENT2] AS [Comment2],
    [t].[USERDEF1] AS [UserDefined1],
    [t].[USERDEF2] AS [UserDefined2],
    [t].[HOLD] AS [Hold],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate]
 FROM [dbo].[PM00200] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_vendor] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_vendor_address]') IS NOT NULL DROP VIEW [dbo].[gp365_vendor_address];
GO
CREATE VIEW [dbo].[gp365_vendor_address] AS
SELECT 
    [t].[VENDORID] AS [VendorID],
    [t].[ADRSCODE] AS [AddressCode],
    [t].[VNDCNTCT] AS [ContactPerson],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIPCODE] AS [Zip],
    [t].[COUNTRY] AS [Country],
    [t].[CCode] AS [CountryCode],
    [t].[PHNUMBR1] AS [Phone1],
    [t].[PHNUMBR2] AS [Phone2],
    [t].[PHONE3] AS [Phone3],
    [t].[FAXNUMBR] AS [Fax],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID]
 FROM [dbo].[PM00300] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_vendor_address] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_sales_document]') IS NOT NULL DROP VIEW [dbo].[gp365_sales_document];
GO
CREATE VIEW [dbo].[gp365_sales_document] AS
SELECT 
    [t].[SOPTYPE] AS [DocumentType],
    [t].[SOPNUMBE] AS [DocumentNumber],
    [t].[ORIGTYPE] AS [OriginalType],
    [t].[ORIGNUMB] AS [OriginalNumber],
    [t].[DOCID] AS [DocumentID],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[QUOTEDAT] AS [QuoteDate],
    [t].[QUOEXPDA] AS [QuoteExpirationDate],
    [t].[ORDRDATE] AS [OrderDate],
    [t].[INVODATE] AS [InvoiceDate],
    [t].[ReqShipDate] AS [RequestedShipDate],
    [t].[FUFILDAT] AS [FulfillmentDate],
    [t].[ACTLSHIP] AS [ActualShipDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[BCHSOURC] AS [BatchSource],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CUSTNAME] AS [CustomerName],
    [t].[CSTPONBR] AS [CustomerPONumber],
    [t].[MSTRNUMB] AS [MasterNumber],
    [t].[PRBTADCD] AS [BillToAddressCode],
    [t].[PRSTADCD] AS [ShipToAddressCode],
    [t].[CNTCPRSN] AS [ContactPerson],
    [t].[ShipToName] AS [ShipToName],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIPCODE] AS [Zip],
    [t].[CCode] AS [CountryCode],
    [t].[COUNTRY] AS [Country],
    [t].[PHNUMBR1] AS [Phone1],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[SUBTOTAL] AS [Subtotal],
    [t].[ORSUBTOT] AS [OriginatingSubtotal],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[ORTDISAM] AS [OriginatingTradeDiscountAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[ORFRTAMT] AS [OriginatingFreightAmount],
    [t].[MISCAMNT] AS [MiscellaneousAmount],
    [t].[ORMISCAMT] AS [OriginatingMiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[ORTAXAMT] AS [OriginatingTaxAmount],
    [t].[DOCAMNT] AS [DocumentAmount],
    [t].[ORDOCAMT] AS [OriginatingDocumentAmount],
    [t].[PYMTRCVD] AS [PaymentReceived],
    [t].[ORPMTRVD] AS [OriginatingPaymentReceived],
    [t].[DEPRECVD] AS [DepositReceived],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[XCHGRATE] AS [ExchangeRate],
    [t].[RATETPID] AS [RateTypeID],
    [t].[EXCHDATE] AS [ExchangeDate],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[PSTGSTUS] AS [PostingStatus],
    [t].[SOPSTATUS] AS [DocumentStatus],
    [t].[POSTEDDT] AS [PostedDate],
    [t].[TRXSORCE] AS [TransactionSource],
    [t].[INTEGRATIONSOURCE] AS [IntegrationSource],
    [t].[INTEGRATIONID] AS [IntegrationID],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate],
    [u].[USERDEF1] AS [UserDefined1],
    [u].[USERDEF2] AS [UserDefined2],
    [u].[USRDEF03] AS [UserDefined3],
    [u].[USRDEF04] AS [UserDefined4],
    [u].[USRDEF05] AS [UserDefined5],
    [u].[USRTAB01] AS [UserTable1],
    [u].[USRTAB09] AS [UserTable2],
    [u].[USRTAB03] AS [UserTable3],
    [u].[USRDAT01] AS [UserDate1],
    [u].[USRDAT02] AS [UserDate2],
    'Work' AS [TransactionState]
 FROM [dbo].[SOP10100] AS [t] LEFT JOIN [dbo].[SOP10106] AS [u] ON [u].[SOPTYPE] = [t].[SOPTYPE] AND [u].[SOPNUMBE] = [t].[SOPNUMBE]
UNION ALL
SELECT 
    [t].[SOPTYPE] AS [DocumentType],
    [t].[SOPNUMBE] AS [DocumentNumber],
    [t].[ORIGTYPE] AS [OriginalType],
    [t].[ORIGNUMB] AS [OriginalNumber],
    [t].[DOCID] AS [DocumentID],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[GLPOSTDT] AS [GLPostingDate],
    [t].[QUOTEDAT] AS [QuoteDate],
    [t].[QUOEXPDA] AS [QuoteExpirationDate],
    [t].[ORDRDATE] AS [OrderDate],
    [t].[INVODATE] AS [InvoiceDate],
    [t].[ReqShipDate] AS [RequestedShipDate],
    [t].[FUFILDAT] AS [FulfillmentDate],
    [t].[ACTLSHIP] AS [ActualShipDate],
    [t].[DUEDATE] AS [DueDate],
    [t].[DISCDATE] AS [DiscountDate],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[BCHSOURC] AS [BatchSource],
    [t].[BACHNUMB] AS [BatchNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CUSTNAME] AS [CustomerName],
    [t].[CSTPONBR] AS [CustomerPONumber],
    [t].[MSTRNUMB] AS [MasterNumber],
    [t].[PRBTADCD] AS [BillToAddressCode],
    [t].[PRSTADCD] AS [ShipToAddressCode],
    [t].[CNTCPRSN] AS [ContactPerson],
    [t].[ShipToName] AS [ShipToName],
    [t].[ADDRESS1] AS [Address1],
    [t].[ADDRESS2] AS [Address2],
    [t].[ADDRESS3] AS [Address3],
    [t].[CITY] AS [City],
    [t].[STATE] AS [State],
    [t].[ZIPCODE] AS [Zip],
    [t].[CCode] AS [CountryCode],
    [t].[COUNTRY] AS [Country],
    [t].[PHNUMBR1] AS [Phone1],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[TAXSCHID] AS [TaxScheduleID],
    [t].[SUBTOTAL] AS [Subtotal],
    [t].[ORSUBTOT] AS [OriginatingSubtotal],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[ORTDISAM] AS [OriginatingTradeDiscountAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[ORFRTAMT] AS [OriginatingFreightAmount],
    [t].[MISCAMNT] AS [MiscellaneousAmount],
    [t].[ORMISCAMT] AS [OriginatingMiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[ORTAXAMT] AS [OriginatingTaxAmount],
    [t].[DOCAMNT] AS [DocumentAmount],
    [t].[ORDOCAMT] AS [OriginatingDocumentAmount],
    [t].[PYMTRCVD] AS [PaymentReceived],
    [t].[ORPMTRVD] AS [OriginatingPaymentReceived],
    [t].[DEPRECVD] AS [DepositReceived],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[XCHGRATE] AS [ExchangeRate],
    [t].[RATETPID] AS [RateTypeID],
    [t].[EXCHDATE] AS [ExchangeDate],
    [t].[VOIDSTTS] AS [VoidStatus],
    [t].[PSTGSTUS] AS [PostingStatus],
    [t].[SOPSTATUS] AS [DocumentStatus],
    [t].[POSTEDDT] AS [PostedDate],
    [t].[TRXSORCE] AS [TransactionSource],
    CAST(NULL AS int) AS [IntegrationSource],
    CAST(NULL AS varchar(31)) AS [IntegrationID],
    [t].[NOTEINDX] AS [NoteIndex],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate],
    [u].[USERDEF1] AS [UserDefined1],
    [u].[USERDEF2] AS [UserDefined2],
    [u].[USRDEF03] AS [UserDefined3],
    [u].[USRDEF04] AS [UserDefined4],
    [u].[USRDEF05] AS [UserDefined5],
    [u].[USRTAB01] AS [UserTable1],
    [u].[USRTAB09] AS [UserTable2],
    [u].[USRTAB03] AS [UserTable3],
    [u].[USRDAT01] AS [UserDate1],
    [u].[USRDAT02] AS [UserDate2],
    'History' AS [TransactionState]
 FROM [dbo].[SOP30200] AS [t] LEFT JOIN [dbo].[SOP10106] AS [u] ON [u].[SOPTYPE] = [t].[SOPTYPE] AND [u].[SOPNUMBE] = [t].[SOPNUMBE];
GO
GRANT SELECT ON [dbo].[gp365_sales_document] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_sales_document_line]') IS NOT NULL DROP VIEW [dbo].[gp365_sales_document_line];
GO
CREATE VIEW [dbo].[gp365_sales_document_line] AS
SELECT 
    [t].[SOPTYPE] AS [DocumentType],
    [t].[SOPNUMBE] AS [DocumentNumber],
    [t].[LNITMSEQ] AS [LineSequence],
    [t].[CMPNTSEQ] AS [ComponentSequence],
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[ITEMDESC] AS [ItemDescription],
    [t].[NONINVEN] AS [NonInventory],
    [t].[DROPSHIP] AS [DropShip],
    [t].[UOFM] AS [UofM],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[UNITCOST] AS [UnitCost],
    [t].[ORUNTCST] AS [OriginatingUnitCost],
    [t].[UNITPRCE] AS [UnitPrice],
    [t].[ORUNTPRC] AS [OriginatingUnitPrice],
    [t].[XTNDPRCE] AS [ExtendedPrice],
    [t].[OXTNDPRC] AS [OriginatingExtendedPrice],
    [t].[MRKDNAMT] AS [MarkdownAmount],
    [t].[ORMRKDAM] AS [OriginatingMarkdownAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[ORTAXAMT] AS [OriginatingTaxAmount],
    [t].[QUANTITY] AS [Quantity],
    [t].[ATYALLOC] AS [QuantityAllocated],
    [t].[QTYCANCE] AS [QuantityCanceled],
    [t].[QTYFULFI] AS [QuantityFulfilled],
    [t].[QTYTOINV] AS [QuantityToInvoice],
    [t].[QTYREMAI] AS [QuantityRemaining],
    [t].[QTYTBAOR] AS [QuantityBackOrdered],
    [t].[QTYONHND] AS [QuantityReturnedOnHand],
    [t].[QTYRTRND] AS [QuantityReturned],
    [t].[QTYINUSE] AS [QuantityReturnedInUse],
    [t].[QTYINSVC] AS [QuantityReturnedInService],
    [t].[QTYDMGED] AS [QuantityReturnedDamaged],
    [t].[ReqShipDate] AS [RequestedShipDate],
    [t].[ACTLSHIP] AS [ActualShipDate],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[PRSTADCD] AS [ShipToAddressCode],
    [t].[ShipToName] AS [ShipToName],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[INTEGRATIONID] AS [IntegrationID],
    'Work' AS [TransactionState]
 FROM [dbo].[SOP10200] AS [t]
UNION ALL
SELECT 
    [t].[SOPTYPE] AS [DocumentType],
    [t].[SOPNUMBE] AS [DocumentNumber],
    [t].[LNITMSEQ] AS [LineSequence],
    [t].[CMPNTSEQ] AS [ComponentSequence],
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[ITEMDESC] AS [ItemDescription],
    [t].[NONINVEN] AS [NonInventory],
    [t].[DROPSHIP] AS [DropShip],
    [t].[UOFM] AS [UofM],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[UNITCOST] AS [UnitCost],
    [t].[ORUNTCST] AS [OriginatingUnitCost],
    [t].[UNITPRCE] AS [UnitPrice],
    [t].[ORUNTPRC] AS [OriginatingUnitPrice],
    [t].[XTNDPRCE] AS [ExtendedPrice],
    [t].[OXTNDPRC] AS [OriginatingExtendedPrice],
    [t].[MRKDNAMT] AS [MarkdownAmount],
    [t].[ORMRKDAM] AS [OriginatingMarkdownAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[ORTAXAMT] AS [OriginatingTaxAmount],
    [t].[QUANTITY] AS [Quantity],
    [t].[ATYALLOC] AS [QuantityAllocated],
    [t].[QTYCANCE] AS [QuantityCanceled],
    [t].[QTYFULFI] AS [QuantityFulfilled],
    [t].[QTYTOINV] AS [QuantityToInvoice],
    [t].[QTYREMAI] AS [QuantityRemaining],
    [t].[QTYTBAOR] AS [QuantityBackOrdered],
    [t].[QTYONHND] AS [QuantityReturnedOnHand],
    [t].[QTYRTRND] AS [QuantityReturned],
    [t].[QTYINUSE] AS [QuantityReturnedInUse],
    [t].[QTYINSVC] AS [QuantityReturnedInService],
    [t].[QTYDMGED] AS [QuantityReturnedDamaged],
    [t].[ReqShipDate] AS [RequestedShipDate],
    [t].[ACTLSHIP] AS [ActualShipDate],
    [t].[PRCLEVEL] AS [PriceLevel],
    [t].[SLPRSNID] AS [SalespersonID],
    [t].[SALSTERR] AS [SalesTerritory],
    [t].[PRSTADCD] AS [ShipToAddressCode],
    [t].[ShipToName] AS [ShipToName],
    [t].[SHIPMTHD] AS [ShippingMethod],
    CAST(NULL AS varchar(31)) AS [IntegrationID],
    'History' AS [TransactionState]
 FROM [dbo].[SOP30300] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_sales_document_line] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_sales_payment]') IS NOT NULL DROP VIEW [dbo].[gp365_sales_payment];
GO
CREATE VIEW [dbo].[gp365_sales_payment] AS
SELECT 
    [t].[SOPTYPE] AS [DocumentType],
    [t].[SOPNUMBE] AS [DocumentNumber],
    [t].[SEQNUMBR] AS [Sequence],
    [t].[PYMTTYPE] AS [PaymentType],
    [t].[OAMTPAID] AS [OriginatingAmount],
    [t].[AMNTPAID] AS [Amount],
    [t].[DOCNUMBR] AS [PaymentNumber],
    [t].[CHEKBKID] AS [CheckbookID],
    [t].[CHEKNMBR] AS [CheckNumber],
    [t].[CARDNAME] AS [CardName],
    [t].[AUTHCODE] AS [AuthorizationCode],
    [t].[DOCDATE] AS [PaymentDate],
    [t].[CURNCYID] AS [CurrencyID]
 FROM [dbo].[SOP10103] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_sales_payment] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_sales_distribution]') IS NOT NULL DROP VIEW [dbo].[gp365_sales_distribution];
GO
CREATE VIEW [dbo].[gp365_sales_distribution] AS
SELECT 
    [t].[SOPTYPE] AS [DocumentType],
    [t].[SOPNUMBE] AS [DocumentNumber],
    [t].[SEQNUMBR] AS [Sequence],
    [t].[DISTTYPE] AS [DistributionType],
    [t].[ACTINDX] AS [AccountIndex],
    [a].[ACTNUMST] AS [AccountNumber],
    [t].[ORDBTAMT] AS [OriginatingDebitAmount],
    [t].[ORCRDAMT] AS [OriginatingCreditAmount],
    [t].[DEBITAMT] AS [DebitAmount],
    [t].[CRDTAMNT] AS [CreditAmount],
    [t].[DistRef] AS [Reference]
 FROM [dbo].[SOP10102] AS [t] LEFT JOIN [dbo].[GL00105] AS [a] ON [a].[ACTINDX] = [t].[ACTINDX];
GO
GRANT SELECT ON [dbo].[gp365_sales_distribution] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_sales_invoice]') IS NOT NULL DROP VIEW [dbo].[gp365_sales_invoice];
GO
CREATE VIEW [dbo].[gp365_sales_invoice] AS
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [s].[ORIGNUMB] AS [OrderNumber],
    [t].[CSPORNBR] AS [CustomerPONumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [s].[ACTLSHIP] AS [ActualShipDate],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[VOIDSTTS] AS [Voided],
    [s].[PYMTRMID] AS [PaymentTermsID],
    [s].[SHIPMTHD] AS [ShippingMethod],
    [s].[CURNCYID] AS [CurrencyID],
    [s].[ORDOCAMT] AS [OriginatingDocumentAmount],
    [s].[ORTDISAM] AS [OriginatingTradeDiscountAmount],
    [s].[ORFRTAMT] AS [OriginatingFreightAmount],
    [s].[ORMISCAMT] AS [OriginatingMiscellaneousAmount],
    [s].[ORTAXAMT] AS [OriginatingTaxAmount],
    [s].[ShipToName] AS [ShipToName],
    [s].[ADDRESS1] AS [Address1],
    [s].[ADDRESS2] AS [Address2],
    [s].[ADDRESS3] AS [Address3],
    [s].[CITY] AS [City],
    [s].[STATE] AS [State],
    [s].[ZIPCODE] AS [Zip],
    [s].[COUNTRY] AS [Country]
 FROM [dbo].[RM20101] AS [t] INNER JOIN [dbo].[SOP30200] AS [s] ON [s].[SOPNUMBE] = [t].[DOCNUMBR] AND [s].[SOPTYPE] = 3 WHERE [t].[RMDTYPAL] = 1
UNION ALL
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [s].[ORIGNUMB] AS [OrderNumber],
    [t].[CSPORNBR] AS [CustomerPONumber],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[DUEDATE] AS [DueDate],
    [s].[ACTLSHIP] AS [ActualShipDate],
    [t].[CURTRXAM] AS [CurrentAmount],
    [t].[VOIDSTTS] AS [Voided],
    [s].[PYMTRMID] AS [PaymentTermsID],
    [s].[SHIPMTHD] AS [ShippingMethod],
    [s].[CURNCYID] AS [CurrencyID],
    [s].[ORDOCAMT] AS [OriginatingDocumentAmount],
    [s].[ORTDISAM] AS [OriginatingTradeDiscountAmount],
    [s].[ORFRTAMT] AS [OriginatingFreightAmount],
    [s].[ORMISCAMT] AS [OriginatingMiscellaneousAmount],
    [s].[ORTAXAMT] AS [OriginatingTaxAmount],
    [s].[ShipToName] AS [ShipToName],
    [s].[ADDRESS1] AS [Address1],
    [s].[ADDRESS2] AS [Address2],
    [s].[ADDRESS3] AS [Address3],
    [s].[CITY] AS [City],
    [s].[STATE] AS [State],
    [s].[ZIPCODE] AS [Zip],
    [s].[COUNTRY] AS [Country]
 FROM [dbo].[RM30101] AS [t] INNER JOIN [dbo].[SOP30200] AS [s] ON [s].[SOPNUMBE] = [t].[DOCNUMBR] AND [s].[SOPTYPE] = 3 WHERE [t].[RMDTYPAL] = 1;
GO
GRANT SELECT ON [dbo].[gp365_sales_invoice] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_sales_invoice_line]') IS NOT NULL DROP VIEW [dbo].[gp365_sales_invoice_line];
GO
CREATE VIEW [dbo].[gp365_sales_invoice_line] AS
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [l].[LNITMSEQ] AS [LineSequence],
    [t].[CURNCYID] AS [CurrencyID],
    [l].[ITEMNMBR] AS [ItemNumber],
    [l].[ITEMDESC] AS [ItemDescription],
    [l].[UOFM] AS [UofM],
    [l].[LOCNCODE] AS [LocationCode],
    [l].[QUANTITY] AS [Quantity],
    [l].[ORUNTPRC] AS [OriginatingUnitPrice],
    [l].[OXTNDPRC] AS [OriginatingExtendedPrice],
    [l].[ORTAXAMT] AS [OriginatingTaxAmount]
 FROM [dbo].[RM20101] AS [t] INNER JOIN [dbo].[SOP30300] AS [l] ON [l].[SOPNUMBE] = [t].[DOCNUMBR] AND [l].[SOPTYPE] = 3 AND [l].[CMPNTSEQ] = 0 WHERE [t].[RMDTYPAL] = 1
UNION ALL
SELECT 
    [t].[DOCNUMBR] AS [DocumentNumber],
    [l].[LNITMSEQ] AS [LineSequence],
    [t].[CURNCYID] AS [CurrencyID],
    [l].[ITEMNMBR] AS [ItemNumber],
    [l].[ITEMDESC] AS [ItemDescription],
    [l].[UOFM] AS [UofM],
    [l].[LOCNCODE] AS [LocationCode],
    [l].[QUANTITY] AS [Quantity],
    [l].[ORUNTPRC] AS [OriginatingUnitPrice],
    [l].[OXTNDPRC] AS [OriginatingExtendedPrice],
    [l].[ORTAXAMT] AS [OriginatingTaxAmount]
 FROM [dbo].[RM30101] AS [t] INNER JOIN [dbo].[SOP30300] AS [l] ON [l].[SOPNUMBE] = [t].[DOCNUMBR] AND [l].[SOPTYPE] = 3 AND [l].[CMPNTSEQ] = 0 WHERE [t].[RMDTYPAL] = 1;
GO
GRANT SELECT ON [dbo].[gp365_sales_invoice_line] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_receivables_distribution]') IS NOT NULL DROP VIEW [dbo].[gp365_receivables_distribution];
GO
CREATE VIEW [dbo].[gp365_receivables_distribution] AS
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[SEQNUMBR] AS [Sequence],
    [t].[DISTTYPE] AS [DistributionType],
    [t].[DSTINDX] AS [AccountIndex],
    [a].[ACTNUMST] AS [AccountNumber],
    [t].[ORDBTAMT] AS [OriginatingDebitAmount],
    [t].[ORCRDAMT] AS [OriginatingCreditAmount],
    [t].[DEBITAMT] AS [DebitAmount],
    [t].[CRDTAMNT] AS [CreditAmount],
    [t].[DistRef] AS [Reference]
 FROM [dbo].[RM10101] AS [t] LEFT JOIN [dbo].[GL00105] AS [a] ON [a].[ACTINDX] = [t].[DSTINDX]
UNION ALL
SELECT 
    [t].[RMDTYPAL] AS [DocumentType],
    [t].[DOCNUMBR] AS [DocumentNumber],
    [t].[SEQNUMBR] AS [Sequence],
    [t].[DISTTYPE] AS [DistributionType],
    [t].[DSTINDX] AS [AccountIndex],
    [a].[ACTNUMST] AS [AccountNumber],
    [t].[ORDBTAMT] AS [OriginatingDebitAmount],
    [t].[ORCRDAMT] AS [OriginatingCreditAmount],
    [t].[DEBITAMT] AS [DebitAmount],
    [t].[CRDTAMNT] AS [CreditAmount],
    [t].[DistRef] AS [Reference]
 FROM [dbo].[RM30301] AS [t] LEFT JOIN [dbo].[GL00105] AS [a] ON [a].[ACTINDX] = [t].[DSTINDX];
GO
GRANT SELECT ON [dbo].[gp365_receivables_distribution] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_purchase_order]') IS NOT NULL DROP VIEW [dbo].[gp365_purchase_order];
GO
CREATE VIEW [dbo].[gp365_purchase_order] AS
SELECT 
    [t].[PONUMBER] AS [PONumber],
    [t].[POSTATUS] AS [Status],
    [t].[POTYPE] AS [Type],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[PRMDATE] AS [PromisedDate],
    [t].[REQDATE] AS [RequiredDate],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[SUBTOTAL] AS [Subtotal],
    [t].[REMSUBTO] AS [RemainingSubtotal],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[MSCCHAMT] AS [MiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[ORSUBTOT] AS [OriginatingSubtotal],
    [t].[VENDORID] AS [VendorID],
    [t].[VENDNAME] AS [VendorName],
    [t].[VADCDPAD] AS [VendorAddressCode],
    [t].[PRSTADCD] AS [ShipToAddressCode],
    [t].[PRBTADCD] AS [BillToAddressCode],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[DUEDATE] AS [DueDate],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[BUYERID] AS [BuyerID],
    [t].[HOLD] AS [Hold],
    [t].[Revision_Number] AS [Revision],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate],
    'Work' AS [TransactionState]
 FROM [dbo].[POP10100] AS [t]
UNION ALL
SELECT 
    [t].[PONUMBER] AS [PONumber],
    [t].[POSTATUS] AS [Status],
    [t].[POTYPE] AS [Type],
    [t].[DOCDATE] AS [DocumentDate],
    [t].[PRMDATE] AS [PromisedDate],
    [t].[REQDATE] AS [RequiredDate],
    [t].[SHIPMTHD] AS [ShippingMethod],
    [t].[SUBTOTAL] AS [Subtotal],
    [t].[REMSUBTO] AS [RemainingSubtotal],
    [t].[TRDISAMT] AS [TradeDiscountAmount],
    [t].[FRTAMNT] AS [FreightAmount],
    [t].[MSCCHAMT] AS [MiscellaneousAmount],
    [t].[TAXAMNT] AS [TaxAmount],
    [t].[ORSUBTOT] AS [OriginatingSubtotal],
    [t].[VENDORID] AS [VendorID],
    [t].[VENDNAME] AS [VendorName],
    [t].[VADCDPAD] AS [VendorAddressCode],
    [t].[PRSTADCD] AS [ShipToAddressCode],
    [t].[PRBTADCD] AS [BillToAddressCode],
    [t].[PYMTRMID] AS [PaymentTermsID],
    [t].[DUEDATE] AS [DueDate],
    [t].[CUSTNMBR] AS [CustomerNumber],
    [t].[CURNCYID] AS [CurrencyID],
    [t].[BUYERID] AS [BuyerID],
    CAST(NULL AS int) AS [Hold],
    [t].[Revision_Number] AS [Revision],
    [t].[CREATDDT] AS [CreatedDate],
    [t].[MODIFDT] AS [ModifiedDate],
    'History' AS [TransactionState]
 FROM [dbo].[POP30100] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_purchase_order] TO [gp365_reader];
GO

IF OBJECT_ID('[dbo].[gp365_purchase_order_line]') IS NOT NULL DROP VIEW [dbo].[gp365_purchase_order_line];
GO
CREATE VIEW [dbo].[gp365_purchase_order_line] AS
SELECT 
    [t].[PONUMBER] AS [PONumber],
    [t].[ORD] AS [LineSequence],
    [t].[BRKFLD1] AS [BreakField],
    [t].[LineNumber] AS [LineNumber],
    [t].[POLNESTA] AS [Status],
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[ITEMDESC] AS [ItemDescription],
    [t].[VENDORID] AS [VendorID],
    [t].[VNDITNUM] AS [VendorItemNumber],
    [t].[NONINVEN] AS [NonInventory],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[UOFM] AS [UofM],
    [t].[QTYORDER] AS [QuantityOrdered],
    [t].[QTYCANCE] AS [QuantityCanceled],
    [t].[UNITCOST] AS [UnitCost],
    [t].[EXTDCOST] AS [ExtendedCost],
    [t].[REQDATE] AS [RequiredDate],
    [t].[PRMDATE] AS [PromisedDate],
    [t].[CURNCYID] AS [CurrencyID],
    'Work' AS [TransactionState]
 FROM [dbo].[POP10110] AS [t]
UNION ALL
SELECT 
    [t].[PONUMBER] AS [PONumber],
    [t].[ORD] AS [LineSequence],
    [t].[BRKFLD1] AS [BreakField],
    [t].[LineNumber] AS [LineNumber],
    [t].[POLNESTA] AS [Status],
    [t].[ITEMNMBR] AS [ItemNumber],
    [t].[ITEMDESC] AS [ItemDescription],
    [t].[VENDORID] AS [VendorID],
    [t].[VNDITNUM] AS [VendorItemNumber],
    [t].[NONINVEN] AS [NonInventory],
    [t].[LOCNCODE] AS [LocationCode],
    [t].[UOFM] AS [UofM],
    [t].[QTYORDER] AS [QuantityOrdered],
    [t].[QTYCANCE] AS [QuantityCanceled],
    [t].[UNITCOST] AS [UnitCost],
    [t].[EXTDCOST] AS [ExtendedCost],
    [t].[REQDATE] AS [RequiredDate],
    [t].[PRMDATE] AS [PromisedDate],
    CAST(NULL AS varchar(15)) AS [CurrencyID],
    'History' AS [TransactionState]
 FROM [dbo].[POP30110] AS [t];
GO
GRANT SELECT ON [dbo].[gp365_purchase_order_line] TO [gp365_reader];
GO
